import { once } from 'node:events';
import { constants } from 'node:fs';
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { OverlayError } from '@banyan/grpc';

/** Where the bytes of a received file go. */
export interface Sink {
  /** The file it becomes; undefined for a stream. */
  readonly path: string | undefined;
  write(bytes: Uint8Array): Promise<void>;
  /** All is there and verified. */
  commit(): Promise<void>;
  /** It will not be complete: nothing is left of it, as far as it can be taken back. */
  discard(): Promise<void>;
}

// Not through a link that someone put there: the file is to be ours.
const PART_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;

/**
 * A sink that writes `path.part` and renames it to `path` when it is committed, both flushed to the disk.
 * Throws DISK_FULL, or FILE_UNWRITABLE: also when `path` exists and is not to be replaced, or is no regular file (renaming to
 * /dev/null as root would put a file in the place of the device).
 */
export async function fileSink(path: string, { replace }: { readonly replace: boolean }): Promise<Sink> {
  const part = `${path}.part`;
  const present = await stat(path).catch(() => undefined);
  if (present?.isFile() === false) throw new OverlayError('FILE_UNWRITABLE', `${path} is no regular file; with --out - the bytes go to the standard output, and from there anywhere`, { file: path });
  if (!replace && present !== undefined) {
    throw new OverlayError('FILE_UNWRITABLE', `${path} exists already; name the file with --out to replace it`, { file: path });
  }
  const file = await open(part, PART_FLAGS, 0o644).catch((cause: unknown) => {
    throw unwritable(part, cause);
  });
  return {
    path,
    write: (bytes) => writeAll(file, part, bytes),
    async commit() {
      try {
        await file.sync();
        await file.close();
        await rename(part, path);
        await flushDirectory(dirname(path));
      } catch (cause) {
        throw unwritable(path, cause);
      }
    },
    async discard() {
      await file.close().catch(() => undefined);
      await rm(part, { force: true });
    },
  };
}

/** A sink that passes the bytes on as they come; whoever reads them learns from the exit code whether they are whole. */
export function streamSink(stream: Writable): Sink {
  return {
    path: undefined,
    async write(bytes) {
      if (!stream.write(bytes)) await once(stream, 'drain');
    },
    commit: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  };
}

async function writeAll(file: FileHandle, path: string, bytes: Uint8Array): Promise<void> {
  try {
    for (let written = 0; written < bytes.length; ) written += (await file.write(bytes, written)).bytesWritten;
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

async function flushDirectory(path: string): Promise<void> {
  const directory = await open(path);
  await directory.sync().finally(() => directory.close());
}

function unwritable(path: string, cause: unknown): OverlayError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new OverlayError('DISK_FULL', `no room left for ${path}`, { file: path }, { cause });
  return new OverlayError('FILE_UNWRITABLE', `cannot write ${path}: ${message}`, { file: path }, { cause });
}
