import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { seededRng } from '@banyan/sansio';

/** Writes `megabytes` of seeded bytes to `path`; gives their SHA-256 as hex. */
export function writeRandomFile(path: string, megabytes: number, seed: number): string {
  const rng = seededRng(seed);
  const words = new Uint32Array(256 * 1024);
  const hash = createHash('sha256');
  const file = openSync(path, 'w');
  for (let i = 0; i < megabytes; i++) {
    for (let w = 0; w < words.length; w++) words[w] = rng.below(0x1_0000_0000);
    const chunk = new Uint8Array(words.buffer);
    hash.update(chunk);
    writeSync(file, chunk);
  }
  closeSync(file);
  return hash.digest('hex');
}

/** The SHA-256 of a file as hex. */
export function sha256Of(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
