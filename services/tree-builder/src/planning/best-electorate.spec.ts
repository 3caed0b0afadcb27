import { idFromBigInt, type Id } from '@banyan/ids';
import { describe, expect, it } from 'vitest';
import { bestElectorate, presentPublisherMs, withElectorate } from './best-electorate.ts';
import type { PresentNode, PresentTree } from './present-tree.ts';
import { runPlan } from './run-plan.ts';

const id = (n: number): Id => idFromBigInt(BigInt(n));

/** Nodes on a line, ten ms apart; three zones in turn; node 1 is the root. */
function line(count: number, change: (n: number) => Partial<PresentNode> = () => ({}), publishers: readonly number[] = []): PresentTree {
  const nodes = Array.from({ length: count }, (_, i): PresentNode => ({ id: id(i + 1), parent: i === 0 ? undefined : id(1), isRoot: i === 0, isVoter: i < 3, hasSubscribers: true, region: '', zone: `z${i % 3}`, capacity: 8, ...change(i + 1) }));
  const roundTripMs = (a: Id, b: Id): number => 10 * Math.abs(Number(BigInt(`0x${a}`) - BigInt(`0x${b}`)));
  return { group: id(1 << 20), nodes, publishers: publishers.map(id), delivery: 'reliable', fanOutMax: 8, roundTripMs };
}

describe('the best electorate', () => {
  it('has the root nearest to the publishers, and voters near it in as many zones as there are', () => {
    const best = bestElectorate(line(9, undefined, [8]));
    expect(best).toEqual({ voters: [8, 7, 9, 6, 5].map(id), publisherMsMean: 0 });
    expect(presentPublisherMs(line(9, undefined, [8]))).toBe(70);
  });

  it('passes over a root that cannot carry as many children', () => {
    expect(bestElectorate(line(9, (n) => (n === 8 ? { capacity: 2 } : {}), [8]))?.voters[0]).toBe(id(7));
  });

  it('shares the voters out over zones before it looks at their distance', () => {
    const zones = (n: number) => ({ zone: n === 1 ? 'far' : 'near' });
    expect(bestElectorate(line(9, zones, [8]))?.voters.slice(0, 2)).toEqual([id(8), id(1)]);
  });

  it('lies amid the subscribers where nobody publishes', () => {
    expect(bestElectorate(line(9))?.voters[0]).toBe(id(5));
  });

  it('stands when it is tried out', async () => {
    const tree = line(9, undefined, [8]);
    const outcome = await runPlan(tree, { type: 'bestRoot' }, { pause: () => Promise.resolve() });
    expect(outcome).toMatchObject({ before: { root: id(1), publisherMsMean: 70 }, after: { root: id(8), publisherMsMean: 0, nodes: 9, orphans: 0 }, electorate: [8, 7, 9, 6, 5].map(id) });
    expect(withElectorate(tree, bestElectorate(tree)!).nodes.filter(({ isRoot }) => isRoot)).toHaveLength(1);
  });
});
