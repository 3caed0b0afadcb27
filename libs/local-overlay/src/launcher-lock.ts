import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { OverlayError } from '@banyan/grpc';
import { fileFailure } from './overlay-file.ts';
import { identityOf, isAlive, type ProcessIdentity } from './process-identity.ts';

const ATTEMPTS_MAX = 3;

/**
 * Takes the lock of a data directory, so that two launchers never run in one; returns how to give it back. A lock whose
 * holder is gone is taken over. Throws OVERLAY_RUNNING with the holder's process id.
 */
export function takeLauncherLock(lockFile: string): () => void {
  const own = JSON.stringify(identityOf(process.pid));
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    if (tryWrite(lockFile, own)) return () => rmSync(lockFile, { force: true });
    const holder = readHolder(lockFile);
    if (holder !== undefined && isAlive(holder)) throw running(lockFile, holder.pid);
    rmSync(lockFile, { force: true }); // stale: its launcher was killed
  }
  throw running(lockFile, undefined);
}

function running(lockFile: string, pid: number | undefined): OverlayError {
  const who = pid === undefined ? 'another launcher' : `process ${pid}`;
  const message = `a local overlay runs in ${dirname(lockFile)} already, started by ${who} (lock ${lockFile})`;
  return new OverlayError('OVERLAY_RUNNING', message, { file: lockFile, ...(pid === undefined ? {} : { pid: String(pid) }) });
}

function tryWrite(path: string, text: string): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    const cause = error as NodeJS.ErrnoException;
    if (cause.code === 'EEXIST' && cause.syscall === 'open') return false;
    throw fileFailure(path, cause);
  }
}

function readHolder(path: string): ProcessIdentity | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Partial<ProcessIdentity>;
    return typeof holder.pid === 'number' ? (holder as ProcessIdentity) : undefined;
  } catch {
    return undefined; // gone meanwhile, or cut short by a full disk: nobody's
  }
}
