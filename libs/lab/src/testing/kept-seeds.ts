import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A swarm that once broke a promise. */
export interface KeptSeed {
  readonly seed: number;
  readonly nodes: number;
  readonly found: string;
}

/** The seeds kept in `seeds/swarm.txt`: a line each of seed, nodes, and what was wrong; lines starting with # left out. */
export function keptSeeds(): readonly KeptSeed[] {
  const text = readFileSync(join(import.meta.dirname, '../../seeds/swarm.txt'), 'utf8');
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => {
    const [seed = '', nodes = '', ...found] = line.split(' ');
    return { seed: Number(seed), nodes: Number(nodes), found: found.join(' ') };
  });
}
