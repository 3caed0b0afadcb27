import { id, randomId } from '@banyan/ids';
import { seededRng } from '@banyan/sansio';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HostRing } from '../testing/host-ring.ts';
import { EmulatedNetwork, readLatencyMap } from './emulated-network.ts';
import { oneWayMs, parseLatencyMap, siteOf, type LatencyMap } from './latency-map.ts';

const [a, b] = [id('0'.repeat(32)), id('0'.repeat(31) + '1')];
const mapOf = (text: string): LatencyMap => {
  const map = parseLatencyMap(text);
  if ('fault' in map) throw new Error(map.fault);
  return map;
};

describe('a latency map', () => {
  it('is read from rows of round trips, or from JSON with losses and seats', () => {
    const plain = mapOf('# two sites\n0 40\n\n20; 0\n');
    expect([siteOf(plain, a), siteOf(plain, b), oneWayMs(plain, a, b), oneWayMs(plain, b, a), oneWayMs(plain, a, a)]).toEqual([0, 1, 20, 10, 0.01]);
    const rich = mapOf(JSON.stringify({ roundTripMs: [[0, 40], [20, 0]], lossRate: 0.25, sites: { [a]: 1 } }));
    expect([rich.lossRate, siteOf(rich, a), siteOf(rich, b), oneWayMs(rich, a, b)]).toEqual([0.25, 1, 1, 0.01]);
  });

  it.each([
    ['', 'it has 0 rows'],
    ['0 1\n1', 'row 2 has 1 numbers, not 2'],
    ['0 1\n-1 0', 'row 2, column 1 is no delay in ms'],
    ['0 x\n1 0', 'row 1, column 2 is no delay in ms'],
    ['{"roundTripMs": [[0,1],[1,0]', 'it is no JSON'],
    ['{"rows": []}', "'rows' is none of"],
    ['{"roundTripMs": 5}', 'no list of rows'],
    ['{"roundTripMs": [[0,1],[1,0]], "lossRate": 1}', 'lossRate is no number'],
    ['{"roundTripMs": [[0,1],[1,0]], "sites": {"xyz": 1}}', "'xyz' is no id"],
    [`{"roundTripMs": [[0,1],[1,0]], "sites": {"${a}": 2}}`, 'sits at none of the sites 0 to 1'],
  ])('is refused with what is wrong: %s', (text, fault) => {
    expect(parseLatencyMap(text)).toMatchObject({ fault: expect.stringContaining(fault) as string });
  });

  it('is refused in one sentence that names the file', async () => {
    await expect(readLatencyMap('/nowhere/map.txt')).rejects.toMatchObject({ reason: 'FILE_NOT_FOUND' });
    await expect(readLatencyMap(import.meta.filename)).rejects.toMatchObject({ reason: 'LATENCY_MAP_INVALID', message: expect.stringContaining('emulation.spec.ts is no latency map: row') as string });
  });
});

describe('an emulated network', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const arrivals = (lossRate: number, kind: 'datagram' | 'stream', count: number): { readonly n: number; readonly at: number }[] => {
    const network = new EmulatedNetwork({ ...mapOf('0 40\n40 0'), lossRate }, b, seededRng(7));
    const since = performance.now();
    const arrived: { n: number; at: number }[] = [];
    for (let n = 0; n < count; n++) network[kind](a, () => arrived.push({ n, at: performance.now() - since }));
    vi.advanceTimersByTime(10_000);
    return arrived;
  };

  it('holds back what arrives by the way from its sender', () => {
    for (const kind of ['datagram', 'stream'] as const) {
      const [first] = arrivals(0, kind, 1);
      expect(Math.abs((first?.at ?? 0) - 20)).toBeLessThanOrEqual(1);
    }
  });

  it('loses control messages', () => {
    const arrived = arrivals(0.3, 'datagram', 1_000).length;
    expect(arrived).toBeGreaterThan(640);
    expect(arrived).toBeLessThan(760);
  });

  it('keeps everything on a data link, in order; losses show as delay', () => {
    const arrived = arrivals(0.3, 'stream', 20);
    expect(arrived.map(({ n }) => n)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(arrived.at(-1)?.at).toBeGreaterThanOrEqual(199);
  });

  it('drops what is under way when the node stops', () => {
    const network = new EmulatedNetwork(mapOf('0 40\n40 0'), b, seededRng(7));
    let arrived = 0;
    network.datagram(a, () => arrived++);
    network.stop();
    vi.advanceTimersByTime(1_000);
    expect(arrived).toBe(0);
  });
});

it('makes real hosts as far from each other as the map says', async () => {
  const rng = seededRng(3);
  const ring = await HostRing.of(2, () => ({ emulate: mapOf('60 60\n60 60') }));
  const [first, second] = ring.hosts;
  const root = (await first!.lookup(second!.self.id)).root.id;
  expect(root).toBe(second!.self.id);
  const found = await first!.lookup(second!.self.id);
  expect(found.elapsedMs).toBeGreaterThanOrEqual(58);
  expect(first!.view.roundTripMs(second!.self.id)).toBeGreaterThanOrEqual(58);
  expect((await second!.lookup(randomId(rng))).hops).toBeLessThanOrEqual(1);
  await ring.stop();
});
