import { graph, transitStub } from '@banyan/simulator';
import { describe, expect, it } from 'vitest';
import { SILENT } from '../report/progress.ts';
import { measureMulticast, type MulticastSetup } from './measure-multicast.ts';

const SETUP: MulticastSetup = { topology: transitStub({ hosts: 120, seed: 1 }), groups: 20, seed: 1, leafSet: 16, digitBits: 4, fanOutMax: 1_000_000, direct: false };

describe('multicast on a router graph', () => {
  // Castro et al. 2002 (Scribe), §4: trees of joins over near tables cost little more than shortest paths.
  it('reaches every member once, by trees as good as those of perfect tables', () => {
    const { rad, rmd, linkStress, perfect, shortestPath, ...results } = measureMulticast(SETUP, SILENT);
    expect(results).toMatchObject({ joined: 120, gathered: true, lost: 0, duplicates: 0 });
    expect(rad.median).toBeLessThan(1.05 * perfect.rad.median);
    expect(rmd.median).toBeLessThan(1.1 * perfect.rmd.median);
    expect(linkStress.mean).toBeLessThan(1.1 * perfect.linkStress.mean);
    expect(shortestPath.linkStress.mean).toBeLessThan(linkStress.mean / 2);
    expect(results.childrenTables.max).toBeLessThan(results.entries.max);
  });

  it('keeps within the fan-out that is set, and a filled ring does as well as one that joined', () => {
    const narrow = measureMulticast({ ...SETUP, groups: 5, fanOutMax: 4, direct: true }, SILENT);
    expect(narrow).toMatchObject({ gathered: true, lost: 0, duplicates: 0 });
    // Four children, two orphans, and the voters of a root, in each of five groups.
    expect(narrow.entries.max).toBeLessThanOrEqual(5 * (4 + 2 + 4));
  });

  it('is a function of its seed', () => {
    const links = Array.from({ length: 12 }, (_, from) => ({ from, to: (from + 1) % 12, latencyMs: 5 + from }));
    const run = (seed: number) => measureMulticast({ ...SETUP, topology: graph({ hosts: 40, seed: 1, routers: 12, links }), groups: 4, seed }, SILENT);
    expect(run(3)).toEqual(run(3));
    expect(run(4)).not.toEqual(run(3));
  });
});
