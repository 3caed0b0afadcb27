import { closeSync, openSync, writeFileSync } from 'node:fs';
import type { Json } from '@banyan/sansio';
import { LabFault } from '../cli/fault.ts';

/** The form of every result file, of `lab` and `bench` alike. */
export interface ResultFile {
  readonly experiment: string;
  readonly parameters: Json;
  readonly results: Json;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of the largest process. */
  readonly peakRssBytes: number;
}

/** Finds out before a long run whether its result can be written; makes the file, empty. */
export function claimFile(path: string): void {
  try {
    closeSync(openSync(path, 'a'));
  } catch (cause) {
    throw new LabFault(`cannot write ${path}: ${reasonOf(cause)}`, { cause });
  }
}

export function writeText(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw new LabFault(`cannot write ${path}: ${reasonOf(cause)}`, { cause });
  }
}

/** The operating system's own word for what went wrong, as `ENOENT` in a sentence. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && typeof cause.code === 'string' ? (OS_REASONS[cause.code] ?? cause.code) : cause.message;
}

const OS_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'part of the path is not a directory',
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
};
