import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A swarm that once broke a promise. */
export interface KeptSeed {
  readonly seed: number;
  readonly nodes: number;
  readonly found: string;
}

/**
 * The seeds kept in `seeds/swarm.txt`: a line each of seed, nodes, and what was wrong, beginning with the room where it was; lines starting
 * with # left out. `multicast` are those found there, `routing` all others: two files of tests replay them side by side.
 */
export function keptSeeds(of: 'multicast' | 'routing'): readonly KeptSeed[] {
  const text = readFileSync(join(import.meta.dirname, '../../seeds/swarm.txt'), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const kept = lines.map((line) => {
    const [seed = '', nodes = '', ...found] = line.split(' ');
    return { seed: Number(seed), nodes: Number(nodes), found: found.join(' ') };
  });
  return kept.filter(({ found }) => found.startsWith('multicast') === (of === 'multicast'));
}
