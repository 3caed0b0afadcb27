import type { Id } from '@banyan/ids';
import { describe, expect, it } from 'vitest';
import { TestRing } from './testing/ring.ts';

const config = { leafSetSize: 16 };
const owners = (ring: TestRing, key: Id): Id[] => ring.live().filter((each) => ring.node(each).owns(ring.now, key));
const has = (ring: TestRing, at: Id, leaf: Id): boolean => ring.node(at).view.leaves().some(({ id }) => id === leaf);

// Rhea et al. 2004: what a median session of 1.4 minutes asks of a ring; nothing may wait for the dead.
describe('joining while many have just died', () => {
  it('takes a few timeouts, not the patience with every dead candidate', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const ring = TestRing.joined(120, { seed, sideMs: 100, config }, 100);
      for (const dead of ring.rng.shuffle(ring.live()).slice(0, 15)) ring.crash(dead);
      const newcomer = ring.handle();
      ring.add(newcomer);
      const startedAt = ring.now;
      ring.runUntil(() => ring.node(newcomer.id).view.ready, 60_000);
      // Its ring neighbor may be among the dead, which only that one's other neighbor finds out: then it waits for that lease of
      // 30 s, and for the short one that the other gives it while it looks whether it lives.
      expect(ring.now - startedAt, `seed ${seed}`).toBeLessThan(35_000);
      expect(owners(ring, newcomer.id), `seed ${seed}`).toEqual([newcomer.id]);
    }
  });

  it('a request whose next hop has just died goes on from the last node that it came to', () => {
    const ring = TestRing.joined(120, { seed: 6, sideMs: 100, config }, 100);
    const newcomer = ring.handle();
    const asked: Id[] = [];
    let reached: Id | undefined;
    let startedAt = 0;
    ring.watch = (from, to, message) => {
      if (message.type !== 'joinRequest') return;
      if (from === newcomer.id) asked.push(to);
      else if (reached === undefined) {
        reached = from;
        startedAt = ring.now;
        ring.at(ring.now, () => ring.crash(to));
      }
    };
    ring.add(newcomer);
    ring.runUntil(() => ring.node(newcomer.id).view.ready, 20_000);
    expect(asked.length).toBeGreaterThan(1);
    expect(asked[1]).toBe(reached);
    expect(ring.now - startedAt).toBeLessThan(6_000);
  });
});

describe('a newcomer that looks around', () => {
  it('is taken in by nobody, and the keys about to be its own have their owner meanwhile', () => {
    const ring = TestRing.joined(60, { seed: 7, sideMs: 100, config }, 100);
    const newcomer = ring.handle();
    let [looked, entered] = [false, false];
    ring.watch = (from, _to, message) => {
      if (from !== newcomer.id || message.type !== 'leafProbe') return;
      looked ||= !message.enters;
      entered ||= message.enters;
    };
    ring.add(newcomer);
    const others = ring.live().filter((id) => id !== newcomer.id);
    ring.runUntil(() => looked, 30_000);
    while (!entered) {
      expect(owners(ring, newcomer.id)).toHaveLength(1);
      expect(others.filter((id) => has(ring, id, newcomer.id))).toEqual([]);
      ring.run(ring.now + 5);
    }
    const enteredAt = ring.now;
    ring.runUntil(() => owners(ring, newcomer.id).includes(newcomer.id), 10_000);
    expect(ring.now - enteredAt).toBeLessThan(1_500);
    ring.run(ring.now + 2_000);
    for (const leaf of ring.node(newcomer.id).view.leaves()) expect(has(ring, leaf.id, newcomer.id)).toBe(true);
  });

  it('leaves no trace when it dies', () => {
    const ring = TestRing.joined(60, { seed: 8, sideMs: 100, config }, 100);
    const newcomer = ring.handle();
    let looked = false;
    ring.watch = (from, _to, message) => (looked ||= from === newcomer.id && message.type === 'leafProbe');
    ring.add(newcomer);
    ring.runUntil(() => looked, 30_000);
    ring.crash(newcomer.id);
    for (let step = 0; step < 20; step++) {
      ring.run(ring.now + 500);
      expect(owners(ring, newcomer.id)).toHaveLength(1);
      expect(ring.live().filter((id) => has(ring, id, newcomer.id))).toEqual([]);
    }
  });
});

describe('a leaf that is silent for one node only', () => {
  it('is asked about among the leaves next to it, and dead for that node once they have found it dead', () => {
    const ring = TestRing.joined(60, { seed: 9, config });
    const [at] = ring.live() as [Id];
    const silent = ring.node(at).view.leaves().at(-1)!;
    const asked: Id[] = [];
    ring.watch = (from, to, message) => {
      if (from === at && message.type === 'leafProbe') asked.push(to);
    };
    ring.cuts = (from, to) => (from === at && to === silent.id) || (from === silent.id && to === at);
    ring.input(at, { type: 'suspect', peer: silent });
    ring.run(ring.now + 40_000);
    expect(asked.length).toBeGreaterThan(0);
    expect(has(ring, at, silent.id)).toBe(true);
    ring.crash(silent.id);
    ring.runUntil(() => !has(ring, at, silent.id), 60_000);
  });
});
