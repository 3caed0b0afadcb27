import { readFileSync } from 'node:fs';

/** Which process is meant: a number alone would be mistaken for a later process of the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start, where the system tells it (Linux). */
  readonly startTicks?: string;
}

/** The identity of the process that has `pid` now. */
export function identityOf(pid: number): ProcessIdentity {
  const startTicks = startTicksOf(pid);
  return startTicks === undefined ? { pid } : { pid, startTicks };
}

/** True while that very process runs; a zombie does not. */
export function isAlive(identity: ProcessIdentity): boolean {
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false; // EPERM: it lives and is somebody else's
  }
  const stat = statOf(identity.pid);
  if (stat === undefined) return true; // no /proc: the number has to do
  if (stat[0] === 'Z') return false;
  return identity.startTicks === undefined || identity.startTicks === stat[19];
}

function startTicksOf(pid: number): string | undefined {
  return statOf(pid)?.[19];
}

// proc_pid_stat(5) from field 3 on: the second field may hold spaces and parentheses.
function statOf(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
