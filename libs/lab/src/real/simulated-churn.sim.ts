import { expect, it } from 'vitest';
import { SILENT } from '../report/progress.ts';
import { LEASE_MS } from './churn-figures.ts';
import { measureSimulatedChurn } from './measure-simulated-churn.ts';

// Seeds 2 to 4: keys waited up to 17 s for joiners that asked the dead for 9 s before they were ready.
it.each([2, 3, 4])('keys of 32 nodes of which one dies every 2 s are answered by their roots, none later than a lease and 5 s (seed %i)', (seed) => {
  const { settled, changing } = measureSimulatedChurn({ nodes: 32, seconds: 60, killEveryMs: 2_000, lookupEveryMs: 20, seed }, SILENT);
  expect(settled).toMatchObject({ answeredByRoot: settled.lookups, other: 0, lost: 0 });
  expect(changing).toMatchObject({ stranger: 0, lost: 0 });
  expect(settled.p99Ms).toBeLessThanOrEqual(500);
  expect(Math.max(settled.maxMs, changing.maxMs)).toBeLessThanOrEqual(LEASE_MS + 5_000);
});
