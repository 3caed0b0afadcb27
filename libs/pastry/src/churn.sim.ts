import { randomId, type Id } from '@banyan/ids';
import { describe, expect, it } from 'vitest';
import { TestRing, type Delivery } from './testing/ring.ts';

interface ChurnOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly loss: number;
  readonly keys: number;
  readonly crashes: number;
}

interface ChurnRun {
  readonly ring: TestRing;
  readonly crashed: ReadonlySet<Id>;
  /** Deliveries by the number of the message. */
  readonly byMessage: ReadonlyMap<number, readonly Delivery[]>;
}

const KEY_EVERY_MS = 100;
const CRASH_EVERY_MS = 6_000;

/** A ring that grows, loses messages, loses nodes, takes some of them in again, and routes all the while. */
function churn({ seed, nodes, loss, keys, crashes }: ChurnOptions): ChurnRun {
  const ring = new TestRing({ seed, loss, sideMs: 100 });
  for (let i = 0; i < nodes; i++) ring.at(i * 300, () => ring.add());
  ring.run(nodes * 300);
  ring.runUntil(() => ring.ready().length === nodes, 300_000);
  const crashed = new Set<Id>();
  for (let i = 0; i < crashes; i++) {
    ring.at(ring.now + i * CRASH_EVERY_MS, () => {
      const handle = ring.crash(ring.rng.pick(ring.ready())!);
      crashed.add(handle.id);
      if (i % 2 === 0) ring.at(ring.now + 2_000, () => ring.add({ ...handle, incarnation: handle.incarnation + 1 }));
    });
  }
  for (let message = 0; message < keys; message++) {
    ring.at(ring.now + message * KEY_EVERY_MS, () => {
      ring.input(ring.rng.pick(ring.ready())!, { type: 'route', app: 'test', key: randomId(ring.rng), body: message });
    });
  }
  ring.run(ring.now + Math.max(keys * KEY_EVERY_MS, crashes * CRASH_EVERY_MS) + 90_000);
  const byMessage = new Map<number, Delivery[]>();
  for (const delivery of ring.deliveries) {
    const message = delivery.envelope.body as number;
    byMessage.set(message, [...(byMessage.get(message) ?? []), delivery]);
  }
  return { ring, crashed, byMessage };
}

describe('a ring under loss, crashes and restarts', () => {
  it('delivers every key at its true root, once unless the first root died, and never while inactive', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const keys = 300;
      const { ring, crashed, byMessage } = churn({ seed, nodes: 60, loss: seed % 2 === 0 ? 0.2 : 0.05, keys, crashes: 8 });
      for (const { at, trueRoot, ready } of ring.deliveries) expect([at, ready], `seed ${seed}`).toEqual([trueRoot, true]);
      for (const deliveries of byMessage.values()) {
        const survivors = deliveries.slice(0, -1).filter(({ at }) => !crashed.has(at));
        expect(survivors, `seed ${seed}: delivered again although the first root lived`).toEqual([]);
      }
      // A message in the care of a node that crashed went with it; no other is lost.
      expect(keys - byMessage.size, `seed ${seed}`).toBeLessThanOrEqual(ring.buried.size);
    }
  });

  it('loses nothing while nobody crashes', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const { ring, byMessage } = churn({ seed, nodes: 50, loss: 0.2, keys: 200, crashes: 0 });
      expect(byMessage.size, `seed ${seed}`).toBe(200);
      expect(ring.deliveries.length, `seed ${seed}`).toBe(200);
    }
  });

  it('is a function of its seed', () => {
    const options = { nodes: 30, loss: 0.1, keys: 100, crashes: 3 };
    expect(churn({ seed: 7, ...options }).ring.trace).toEqual(churn({ seed: 7, ...options }).ring.trace);
    expect(churn({ seed: 8, ...options }).ring.trace).not.toEqual(churn({ seed: 7, ...options }).ring.trace);
  });
});
