import { parseLatencyMap } from '@banyan/host/latency-map';
import { randomId } from '@banyan/ids';
import { seededRng } from '@banyan/sansio';
import { plane } from '@banyan/simulator';
import { expect, it } from 'vitest';
import { SILENT } from '../report/progress.ts';
import { agreement, drawLookups, lookupFigures } from './asked-lookups.ts';
import { latencyFileText, latencyMapOf, topologyOf } from './latency-file.ts';
import { measureSimulatedLookups } from './measure-simulated-lookups.ts';

const map = latencyMapOf(plane({ hosts: 40, seed: 1 }));
const rng = seededRng(2);
const ids = Array.from({ length: 10 }, () => randomId(rng));

it('writes the file that nodes read, and seats simulated nodes where the file seats them', () => {
  const read = parseLatencyMap(latencyFileText(map));
  if ('fault' in read) throw new Error(read.fault);
  const [here, there] = [topologyOf(map, ids), topologyOf(read, ids)];
  for (const from of ids.keys()) for (const to of ids.keys()) expect(there.latencyMs(from, to)).toBeCloseTo(here.latencyMs(from, to), 2);
  expect([here.latencyMs(0, 0), here.latencyMs(0, 1) > 0]).toEqual([0, true]);
});

it('asks simulated nodes the same by the same seed, and all are answered', () => {
  const lookups = drawLookups(200, ids.length, 3);
  expect(drawLookups(200, ids.length, 3)).toEqual(lookups);
  const setup = { ids, map, leafSet: 8, settleMs: 5_000, lookups, lookupsPerSecond: 25, seed: 1 };
  const figures = lookupFigures(measureSimulatedLookups(setup, SILENT));
  expect(figures).toMatchObject({ lookups: 200, unanswered: 0 });
  expect(agreement(figures, figures)).toEqual({ hopsMean: 1, medianLatency: 1, p90Latency: 1, hopsMoved: 0 });
});

it('tells how far two rings are apart', () => {
  const [one, two] = [[1, 1, 1, 2], [1, 1, 2, 2]].map((all) => lookupFigures(all.map((hops) => ({ hops, elapsedMs: 100 * hops }))));
  expect(agreement(two!, one!)).toEqual({ hopsMean: 1.2, medianLatency: 1, p90Latency: 1, hopsMoved: 0.25 });
  expect(lookupFigures([undefined, { hops: 0, elapsedMs: 3 }])).toMatchObject({ lookups: 2, unanswered: 1, hops: { histogram: [1] }, latencyMs: { median: 0 } });
});
