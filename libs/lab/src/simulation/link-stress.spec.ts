import { graph } from '@banyan/simulator';
import { expect, it } from 'vitest';
import { LinkStress } from './link-stress.ts';

it('counts a copy on every link of each way, and a shortest-path tree at most once a link', () => {
  // Routers in a line, a host on each: 0 - 1 - 2 - 3.
  const line = graph({ hosts: 4, seed: 1, routers: 4, links: [0, 1, 2].map((from) => ({ from, to: from + 1, latencyMs: 1 })) });
  const far = [0, 1, 2, 3].find((host) => line.latencyMs(0, host) === Math.max(...[1, 2, 3].map((other) => line.latencyMs(0, other)))) ?? 0;
  const links = line.latencyMs(0, far);
  const ways = new LinkStress(line);
  ways.addWay(0, far);
  ways.addWay(far, 0);
  expect(ways.figures()).toEqual({ mean: Math.round((2 * links * 1_000) / 3) / 1_000, max: 2 });
  const tree = new LinkStress(line);
  tree.addShortestPathTree(0, [far, far]);
  expect(tree.figures().max).toBe(1);
});
