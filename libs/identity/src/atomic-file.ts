import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Mode of a file that holds a secret: for its owner only. */
export const SECRET_MODE = 0o600;
/** Mode of a file that everyone may read. */
export const PUBLIC_MODE = 0o644;

/**
 * Puts `content` at `path` so that a reader, or we after a crash, sees the old file or the new one and never a part:
 * written beside it, synced, renamed, and the directory synced. Rejects with the error of the file system (ENOSPC, EACCES, …).
 */
export async function writeFileAtomically(path: string, content: string | Uint8Array, mode: number = SECRET_MODE): Promise<void> {
  const beside = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    await writeSynced(beside, content, mode);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function writeSynced(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
