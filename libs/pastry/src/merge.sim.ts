import { randomId, type Id } from '@banyan/ids';
import { describe, expect, it } from 'vitest';
import { LOCAL_PASTRY_CONFIG } from './config.ts';
import { TestRing } from './testing/ring.ts';

const config = { ...LOCAL_PASTRY_CONFIG, leafSetSize: 8 };

/** Every node has the two next to it on the true ring as its nearest leaves. */
function isOneRing(ring: TestRing): boolean {
  const sorted = ring.live().sort();
  return sorted.every((id, at) => {
    const leaves = new Set(ring.node(id).view.leaves().map((leaf) => leaf.id));
    return [1, -1].every((step) => leaves.has(sorted[(at + step + sorted.length) % sorted.length]!));
  });
}

function owners(ring: TestRing, key: Id): Id[] {
  return ring.live().filter((id) => ring.node(id).view.isRoot(key));
}

function cut(ring: TestRing, sideOf: (id: Id) => number): void {
  ring.cuts = (from, to) => sideOf(from) !== sideOf(to);
}

describe('partition memory and ring merge', () => {
  it.each([
    ['halves', 2, 90_000],
    ['halves, for so short a time that the dead are not forgotten yet', 2, 20_000],
    ['three sides', 3, 90_000],
  ])('%s are rings of their own, and one ring again within two minutes of contact', (_name, sides, forMs) => {
    const ring = TestRing.joined(24, { seed: 11, config });
    const side = new Map(ring.live().map((id, i) => [id, i % sides]));
    cut(ring, (id) => side.get(id) ?? 0);
    ring.run(ring.now + forMs);
    expect(owners(ring, randomId(ring.rng))).toHaveLength(sides);
    ring.cuts = () => false;
    ring.runUntil(() => isOneRing(ring), 120_000);
    ring.run(ring.now + 2_000);
    for (let i = 0; i < 200; i++) expect(owners(ring, randomId(ring.rng))).toHaveLength(1);
  });

  it('a few that were cut off find the many again', () => {
    const ring = TestRing.joined(24, { seed: 12, config });
    const few = new Set(ring.live().slice(0, 1));
    cut(ring, (id) => (few.has(id) ? 1 : 0));
    ring.run(ring.now + 60_000);
    ring.cuts = () => false;
    ring.runUntil(() => isOneRing(ring), 60_000);
  });

  it('two first nodes, each named to the other, become one ring', () => {
    const ring = new TestRing({ seed: 13, config });
    const [a, b] = [ring.handle(), ring.handle()];
    ring.add(a);
    ring.run(1_000);
    ring.alone(b);
    expect(owners(ring, randomId(ring.rng))).toHaveLength(2);
    ring.input(a.id, { type: 'join', seeds: [b] });
    ring.input(b.id, { type: 'join', seeds: [a] });
    ring.runUntil(() => isOneRing(ring), 60_000);
    expect(owners(ring, a.id)).toEqual([a.id]);
  });

  it('tells applications that rings merged, and only then', () => {
    const ring = TestRing.joined(16, { seed: 14, config });
    const merged: boolean[] = [];
    ring.leafSetChanged = (_at, change) => merged.push(change.merged);
    ring.crash(ring.live()[3]!);
    ring.run(ring.now + 20_000);
    expect(merged.length).toBeGreaterThan(0);
    expect(merged).not.toContain(true);
    const half = new Set(ring.live().slice(0, 8));
    cut(ring, (id) => (half.has(id) ? 1 : 0));
    ring.run(ring.now + 60_000);
    expect(merged).not.toContain(true);
    ring.cuts = () => false;
    const told = new Set<Id>();
    ring.leafSetChanged = (at, change) => void (change.merged && told.add(at));
    ring.runUntil(() => isOneRing(ring), 120_000);
    ring.run(ring.now + 1_000);
    expect(told.size).toBe(15);
  });

  it('costs a node that misses somebody one ping in a while, and a node that misses nobody none', () => {
    const ring = TestRing.joined(24, { seed: 15, config });
    const pings = (forMs: number): number => {
      let sent = 0;
      ring.watch = (_from, _to, message) => (sent += message.type === 'ping' || message.type === 'ringLookup' ? 1 : 0);
      ring.run(ring.now + forMs);
      return sent;
    };
    ring.run(ring.now + 60_000);
    const quiet = pings(300_000);
    ring.crash(ring.live()[0]!);
    ring.run(ring.now + 60_000);
    const attempts = pings(300_000) - quiet;
    // At most every node pings twice, every 27 s at the earliest.
    expect(attempts).toBeLessThan(23 * 2 * 12);
  });
});
