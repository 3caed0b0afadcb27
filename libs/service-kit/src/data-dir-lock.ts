import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { OverlayError } from '@banyan/grpc';
import type { Logger } from '@banyan/telemetry';

/** A data directory that is ours until it is released. */
export interface DataDirLock {
  release(): void;
}

/** Who holds a directory: a process id alone would be mistaken for a later process of the same number. */
interface Holder {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process, where the system tells it. */
  readonly startTicks: string | undefined;
}

const FILE = 'lock';
const ATTEMPTS_MAX = 3;

/**
 * Makes a data directory and takes it. A lock whose holder is gone (a process that was killed) is taken over and said
 * so; one whose holder lives is DATA_DIR_LOCKED, with the holder and the file in the message.
 */
export function lockDataDir(dataDir: string, logger: Logger): DataDirLock {
  const file = join(resolve(dataDir), FILE);
  mkdirSync(resolve(dataDir), { recursive: true, mode: 0o700 });
  const own: Holder = { pid: process.pid, startTicks: startTicksOf(process.pid) };
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    if (tryWrite(file, own)) return { release: () => rmSync(file, { force: true }) };
    const holder = readHolder(file);
    if (holder !== undefined && isAlive(holder)) {
      const message = `the data directory ${resolve(dataDir)} is used by process ${holder.pid}; if that is no part of Banyan, remove ${file}`;
      throw new OverlayError('DATA_DIR_LOCKED', message, { pid: String(holder.pid), file });
    }
    logger.warn({ event: 'stale_lock_removed', file, pid: holder?.pid }, 'the process that held the data directory is gone');
    rmSync(file, { force: true });
  }
  throw new OverlayError('DATA_DIR_LOCKED', `the data directory ${resolve(dataDir)} is being taken by another process; its lock is ${file}`, { file });
}

function tryWrite(file: string, holder: Holder): boolean {
  try {
    writeFileSync(file, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(file: string): Holder | undefined {
  try {
    const { pid, startTicks } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Holder>;
    return typeof pid === 'number' ? { pid, startTicks } : undefined;
  } catch {
    return undefined; // gone, or cut short by a full disk: nobody's
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it lives and is somebody else's.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const ticks = startTicksOf(holder.pid);
  return holder.startTicks === undefined || ticks === undefined || ticks === holder.startTicks;
}

// proc_pid_stat(5), field 22; the second field may hold spaces and parentheses, so fields are counted after the last one.
function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
