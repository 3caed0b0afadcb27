import { plane } from '@banyan/simulator';
import { describe, expect, it } from 'vitest';
import { SILENT } from '../report/progress.ts';
import { measureNearestReplica } from './measure-nearest-replica.ts';

describe('nearest replica', () => {
  // Rowstron & Druschel 2001, Fig. 8 (N = 10,000): 76 % with its heuristic, 92 % one of the two nearest. A small ring has fewer nodes to choose from.
  it('is met first by most lookups that seek it, and all reach the root', () => {
    const setup = { topology: plane({ hosts: 300, seed: 1 }), lookups: 1_000, seed: 1, leafSet: 8, neighborhood: 16, digitBits: 3, replicas: 5, direct: false } as const;
    const seeking = measureNearestReplica({ ...setup, heuristic: true }, SILENT);
    expect(seeking).toMatchObject({ joined: 300, lost: 0, incorrect: 0 });
    expect(seeking.nearest).toBeGreaterThan(0.65);
    expect(seeking.nearestTwo).toBeGreaterThan(0.85);
  });
});
