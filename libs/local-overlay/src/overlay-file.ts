import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OverlayError } from '@banyan/grpc';
import type { ProcessIdentity } from './process-identity.ts';

/** The processes that are no nodes. */
export type ServiceName = 'auth' | 'bootstrap' | 'tree-builder' | 'console';

/** `host:port` of every listener by its name: `api`, `peer`, `control`, `data`, `admin`, … */
export type Addresses = Readonly<Record<string, string>>;

/** A service that runs. */
export interface ServiceEntry extends ProcessIdentity {
  readonly addresses: Addresses;
}

/** A node that runs. */
export interface NodeEntry extends ServiceEntry {
  readonly name: string;
  /** 32 hex digits. */
  readonly id: string;
}

/** `overlay.json`: where a local overlay runs. Written whole at every change, so a reader never sees half of it. */
export interface OverlayFile {
  readonly version: 1;
  readonly launcherPid: number;
  readonly authorityFile: string;
  readonly tokenFile: string;
  readonly services: Readonly<Partial<Record<ServiceName, ServiceEntry>>>;
  readonly nodes: readonly NodeEntry[];
}

/** The overlay file at `path`, or undefined when there is none. Throws DATA_DIR_UNUSABLE when it is something else. */
export async function readOverlayFile(path: string): Promise<OverlayFile | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw fileFailure(path, error);
  });
  if (text === undefined) return undefined;
  const file = parse(text);
  if (file === undefined) throw new OverlayError('DATA_DIR_UNUSABLE', `${path} is not the file of a local overlay of this version`, { file: path });
  return file;
}

/** Writes `text` so that the file is old or new, never half. Throws DISK_FULL or DATA_DIR_UNUSABLE. */
export async function writeWhole(path: string, text: string, mode = 0o644): Promise<void> {
  const next = `${path}.${process.pid}.new`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(next, text, { mode });
    await flush(next);
    await rename(next, path);
  } catch (error) {
    throw fileFailure(path, error as NodeJS.ErrnoException);
  }
}

/** What a failed file operation means to whoever started us. */
export function fileFailure(path: string, cause: NodeJS.ErrnoException): OverlayError {
  if (cause.code === 'ENOSPC' || cause.code === 'EDQUOT') return new OverlayError('DISK_FULL', `no room left for ${path}`, { file: path }, { cause });
  return new OverlayError('DATA_DIR_UNUSABLE', `cannot use ${path}: ${cause.message}`, { file: path }, { cause });
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.sync().finally(() => file.close());
}

function parse(text: string): OverlayFile | undefined {
  try {
    const file = JSON.parse(text) as Partial<OverlayFile>;
    return file.version === 1 && Array.isArray(file.nodes) && typeof file.services === 'object' ? (file as OverlayFile) : undefined;
  } catch {
    return undefined;
  }
}
