import { randomId } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import { seededRng } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import { differsAt, halfDigest, halfOf, missingAt } from './half-digest.ts';
import { LeafSet } from './leaf-set.ts';

const rng = seededRng(1);
const node = (): NodeHandle => ({ id: randomId(rng), incarnation: 1, controlAddress: '', dataAddress: '', region: '', zone: '', capacity: 1 });
const ring = Array.from({ length: 40 }, node).sort((a, b) => (a.id < b.id ? -1 : 1));
const leafSetOf = (at: number, size: number, except: readonly NodeHandle[] = []): LeafSet => {
  const set = new LeafSet(ring[at]!.id, size);
  ring.forEach((each, index) => index !== at && !except.includes(each) && set.insert(each));
  return set;
};

describe('digests of half a leaf set', () => {
  it('agree between neighbors whose leaf sets are right, on both sides', () => {
    for (let at = 0; at < 39; at++) {
      const [lower, upper] = [leafSetOf(at, 16), leafSetOf(at + 1, 16)];
      const toldUp = halfDigest(halfOf(lower, true, 8));
      expect(differsAt({ told: toldUp, self: upper.self, beyond: halfOf(upper, true, 8), half: 8 })).toBe(false);
      const toldDown = halfDigest(halfOf(upper, false, 8));
      expect(differsAt({ told: toldDown, self: lower.self, beyond: halfOf(lower, false, 8), half: 8 })).toBe(false);
    }
  });

  it('name the one leaf that is missing', () => {
    const missing = ring[14]!;
    const lower = leafSetOf(10, 16);
    lower.remove(missing.id);
    const upper = leafSetOf(11, 16);
    expect(missingAt({ told: halfDigest(halfOf(lower, true, 8)), self: upper.self, beyond: halfOf(upper, true, 8), half: 8 })).toEqual([missing]);
  });

  it('name the farthest few when more are missing or a wrong one stands there', () => {
    const lower = leafSetOf(10, 16, [ring[14]!]);
    const upper = leafSetOf(11, 16);
    const told = missingAt({ told: halfDigest(halfOf(lower, true, 8)), self: upper.self, beyond: halfOf(upper, true, 8), half: 8 });
    expect(told).toEqual(ring.slice(15, 19));
  });

  it('say nothing while our own half is short', () => {
    const upper = new LeafSet(ring[11]!.id, 16, ring.slice(12, 15));
    expect(differsAt({ told: 5, self: upper.self, beyond: halfOf(upper, true, 8), half: 8 })).toBe(false);
  });
});
