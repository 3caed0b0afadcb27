import { randomId } from '@banyan/ids';
import { seededRng } from '@banyan/sansio';
import { plane } from '@banyan/simulator';
import { describe, expect, it } from 'vitest';
import { headOf, KnownRing } from './known-ring.ts';
import { PerfectRoutes } from './perfect-routes.ts';

const rng = seededRng(7);
const IDS = Array.from({ length: 400 }, () => randomId(rng));
const ring = new KnownRing(IDS, 3);

describe('a known ring', () => {
  it('finds those who share a prefix, as comparing digits does', () => {
    for (const id of IDS.slice(0, 50)) {
      const head = headOf(id);
      for (const digits of [0, 1, 2, 3]) {
        const { low, high } = ring.sharing(head, digits);
        const places = IDS.map((_, place) => place).filter((place) => ring.sharedDigits(ring.headAt(place), head) >= digits);
        expect([low, high]).toEqual([places[0], (places.at(-1) ?? 0) + 1]);
      }
    }
  });

  it('finds the closest, also round the end of the ring', () => {
    for (const key of [0, 2 ** 52 - 1, headOf(IDS[0]!)]) {
      const gap = (place: number): number => Math.min(Math.abs(ring.headAt(place) - key), 2 ** 52 - Math.abs(ring.headAt(place) - key));
      const expected = IDS.map((_, place) => place).sort((a, b) => gap(a) - gap(b)).slice(0, 5);
      expect(ring.closest(key, 5)).toEqual(expected);
    }
  });
});

describe('perfect routes', () => {
  it('end at the root, by ways no shorter than the straight one', () => {
    const topology = plane({ hosts: IDS.length, seed: 1 });
    const routes = new PerfectRoutes({ ring, topology, leafSet: 8 });
    for (let from = 0; from < 100; from++) {
      const to = (from * 7 + 1) % IDS.length;
      const { at, delayMs, hops } = routes.route(from, to);
      expect(at).toBe(to);
      expect(hops).toBeLessThanOrEqual(5);
      expect(delayMs).toBeGreaterThanOrEqual(topology.latencyMs(from, to) * 0.999_999);
    }
  });
});
