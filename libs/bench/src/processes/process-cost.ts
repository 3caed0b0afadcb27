// What processes cost, as Linux counts it in /proc: whole process, all threads, user and system.
import { readFileSync } from 'node:fs';

/** The kernel tells CPU time in ticks of 10 ms to every program, whatever its own clock is (USER_HZ). */
const SECONDS_PER_TICK = 0.01;

/** CPU seconds that a process has used since its start. Throws when it is gone. */
export function cpuSecondsOf(pid: number): number {
  return parseCpuSeconds(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** CPU seconds in the text of `/proc/PID/stat`. */
export function parseCpuSeconds(stat: string): number {
  // The name in parentheses may hold anything, so counting starts behind it, with field 3; 14 and 15 are the ticks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * SECONDS_PER_TICK;
}

/** The most memory a process ever had in RAM, and the part of today's that is its own (not of files), bytes. */
export function memoryOf(pid: number): { readonly peakRssBytes: number; readonly anonymousBytes: number } {
  return parseMemory(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** The same from the text of `/proc/PID/status`. */
export function parseMemory(status: string): { readonly peakRssBytes: number; readonly anonymousBytes: number } {
  const bytesOf = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? Number.NaN) * 1_024;
  return { peakRssBytes: bytesOf('VmHWM'), anonymousBytes: bytesOf('RssAnon') };
}

/** The CPU of some processes from now on; the result is called when the work is done. */
export function startCpuMeter(pids: readonly number[]): () => ReadonlyMap<number, number> {
  const before = pids.map(cpuSecondsOf);
  return () => new Map(pids.map((pid, index) => [pid, cpuSecondsOf(pid) - (before[index] ?? 0)]));
}

/** The sum of CPU seconds over processes. */
export function totalOf(cpuSeconds: ReadonlyMap<number, number>): number {
  return [...cpuSeconds.values()].reduce((total, seconds) => total + seconds, 0);
}
