import { id, type Id } from '@banyan/ids';
import { seededRng, type Millis } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import { LOCAL_PASTRY_CONFIG } from './config.ts';
import { PastryNode } from './node.ts';
import { TestRing } from './testing/ring.ts';

const config = { ...LOCAL_PASTRY_CONFIG, leafSetSize: 8 };

const owners = (ring: TestRing, key: Id): Id[] => ring.live().filter((each) => ring.node(each).owns(ring.now, key));
const neighbors = (ring: TestRing): [Id, Id, Id, Id] => ring.live().sort().slice(4, 8) as [Id, Id, Id, Id];

describe('no. 1: two joins in one gap', () => {
  it('a ready node helps one joiner at a time; the other is told to wait, and both get in', () => {
    const ring = TestRing.joined(8, { seed: 21, config });
    const [low, high] = neighbors(ring);
    const middle = (BigInt(`0x${low}`) + BigInt(`0x${high}`)) / 2n;
    const [a, b] = [middle, middle + 1n].map((place) => ring.handle(id(place.toString(16).padStart(32, '0'))));
    const accepted: Id[] = [];
    const busy: Id[] = [];
    ring.watch = (_from, to, message) => {
      if (message.type === 'joinAccept') accepted.push(to);
      if (message.type === 'joinBusy') busy.push(to);
    };
    ring.add(a);
    ring.add(b);
    ring.runUntil(() => accepted.length > 0, 30_000);
    const [first] = accepted;
    ring.runUntil(() => ring.node(first!).view.ready, 30_000);
    expect(new Set(accepted)).toEqual(new Set([first]));
    ring.runUntil(() => ring.ready().length === 10, 60_000);
    expect(busy.every((each) => each !== first)).toBe(true);
  });

  it('the lock of a joiner that fell silent ends by itself', () => {
    const ring = TestRing.joined(8, { seed: 22, config });
    const [low] = neighbors(ring);
    const silent = ring.handle(id((BigInt(`0x${low}`) + 1n).toString(16).padStart(32, '0')));
    let isAccepted = false;
    ring.watch = (_from, to, message) => (isAccepted ||= to === silent.id && message.type === 'joinAccept');
    ring.add(silent);
    ring.runUntil(() => isAccepted, 30_000);
    ring.crash(silent.id);
    ring.add(ring.handle(id((BigInt(`0x${low}`) + 2n).toString(16).padStart(32, '0'))));
    ring.runUntil(() => ring.ready().length === 9, 60_000);
  });
});

describe('no. 6: two ring neighbors that cannot hear each other', () => {
  it('never both own a key, and everybody else goes on', () => {
    const ring = TestRing.joined(16, { seed: 23, config });
    const [, a, b] = neighbors(ring);
    ring.cuts = (from, to) => (from === a && to === b) || (from === b && to === a);
    const keys = ring.live();
    for (let i = 0; i < 60; i++) {
      ring.run(ring.now + 1_000);
      for (const key of keys) expect(owners(ring, key).length).toBeLessThanOrEqual(1);
    }
    for (const key of keys) if (key !== a && key !== b) expect(owners(ring, key)).toEqual([key]);
    ring.cuts = () => false;
    ring.runUntil(() => keys.every((key) => owners(ring, key)[0] === key), 60_000);
  });
});

describe('no. 10: a whole side of a leaf set dies at once', () => {
  it('the ring closes over more consecutive deaths than a side has leaves', () => {
    const ring = TestRing.joined(40, { seed: 24, config });
    for (const dead of ring.live().sort().slice(10, 16)) ring.crash(dead);
    ring.run(ring.now + 60_000);
    const sorted = ring.live().sort();
    sorted.forEach((each, at) => {
      const leaves = ring.node(each).view.leaves().map((leaf) => leaf.id);
      expect(leaves).toContain(sorted[(at + 1) % sorted.length]);
      expect(leaves).toContain(sorted[(at + sorted.length - 1) % sorted.length]);
    });
    for (const key of sorted) expect(owners(ring, key)).toEqual([key]);
  });
});

describe('no. 26: leases between clocks that do not agree', () => {
  const DELAY_MS = 150;
  const STEP_MS = 10;

  it.each([[0], [1e9], [-5e6]])('only durations count: the other clock is %i ms ahead, and no key has two owners after a cut', (aheadMs) => {
    const ring = new TestRing({ seed: 25, config });
    const [a, b] = [ring.handle(), ring.handle()];
    const clock = (handle: typeof a, now: Millis): Millis => (handle === a ? now : 1e10 + aheadMs + now);
    const nodes = new Map([a, b].map((self) => [self, new PastryNode({ self, rng: seededRng(26), config })]));
    const flights: { at: Millis; deliver: () => void }[] = [];
    let now = 0;
    let isCut = false;
    const feed = (to: typeof a, input: Parameters<PastryNode['handle']>[1]): void => {
      for (const effect of nodes.get(to)!.handle(clock(to, now), input)) {
        if (effect.type !== 'send' || isCut) continue;
        const receiver = effect.to.id === a.id ? a : b;
        flights.push({ at: now + DELAY_MS, deliver: () => feed(receiver, { type: 'message', from: to, message: effect.message }) });
      }
    };
    const run = (until: Millis, look: () => void): void => {
      for (; now < until; now += STEP_MS) {
        while ((flights[0]?.at ?? Infinity) <= now) flights.shift()!.deliver();
        for (const [self, node] of nodes) if ((node.deadline() ?? Infinity) <= clock(self, now)) feed(self, { type: 'tick' });
        look();
      }
    };
    const owned = (): number[] => [a.id, b.id].map((key) => [...nodes].filter(([self, node]) => node.owns(clock(self, now), key)).length);

    feed(a, { type: 'join', seeds: [] });
    feed(b, { type: 'join', seeds: [a] });
    run(20_000, () => undefined);
    expect(owned()).toEqual([1, 1]);
    isCut = true;
    flights.length = 0;
    const seen = new Set<number>();
    // Each takes over the other's keys in the end, for the other is dead as far as it knows: but only when the other has stopped.
    let tookOverAt: Millis | undefined;
    run(80_000, () => {
      const both = [...nodes].filter(([self, node]) => node.owns(clock(self, now), self.id) && node.view.leaves().length === 1).length;
      seen.add(both);
      const taken = nodes.get(a)!.owns(now, b.id);
      if (taken) tookOverAt ??= now;
      if (taken && nodes.get(b)!.view.leaves().length > 0) expect(nodes.get(b)!.owns(clock(b, now), b.id)).toBe(false);
    });
    expect(seen.has(2)).toBe(true);
    expect(tookOverAt).toBeDefined();
  });
});
