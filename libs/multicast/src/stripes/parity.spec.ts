import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { Scene } from '../testing/scene.ts';
import { parityOf, rebuilt } from './parity.ts';
import { dataStripes, stripeDescriptor } from './stripe-groups.ts';

const sized = (...bytes: number[]) => ({ payload: Uint8Array.from(bytes), bytes: bytes.length });

describe('a parity', () => {
  it('gives any one of its payloads again from the others, whatever their lengths', () => {
    const row = [sized(1, 2, 3), sized(), sized(255, 0, 7, 9), sized(4)];
    const parity = parityOf(row);
    assert.equal(parity.bytes, 4);
    row.forEach((missing, index) => {
      const others = row.filter((one) => one !== missing).map(({ payload }) => payload);
      assert.deepEqual(rebuilt(parity.payload, others, { index, bytes: missing.bytes }), missing.payload);
    });
  });

  it('of one payload is that payload', () => {
    const only = sized(1, 2);
    assert.deepEqual(rebuilt(parityOf([only]).payload, [], { index: 0, bytes: 2 }), only.payload);
  });
});

/** Sixteen nodes, three stripes with payloads and one with their parity. */
function scene(seed: number, delivery: 'reliable' | 'ordered' = 'ordered'): Scene {
  const made = new Scene({ seed, nodes: 16, descriptor: { stripes: 4, parity: true, delivery } });
  made.open();
  made.ring.run(2_000);
  for (const member of made.ring.live) made.subscribe(member);
  made.ring.run(9_000);
  return made;
}

describe('a group with a parity stripe', () => {
  it('has one stripe less for payloads, and delivers everything once and in order', () => {
    for (const delivery of ['reliable', 'ordered'] as const) {
      const made = scene(1, delivery);
      assert.equal(dataStripes(made.descriptor), 3);
      made.publish(made.ring.live[3]!, { batches: 100 });
      made.publish(made.ring.live[4]!, { batches: 50, count: 2, everyMs: 13 });
      made.ring.run(20_000);
      assert.deepEqual(made.wrong, []);
      assert.equal(made.unreceipted(), undefined);
      assert.equal(made.oracle.unfinished(), undefined);
      assert.equal(made.oracle.end, 201);
    }
  });

  it('delivers without a wait what one stripe does not bring, from the parity of the others', () => {
    const made = scene(2);
    const silent = stripeDescriptor(made.descriptor, 1).group;
    const reader = made.ring.live[7]!;
    const publisher = made.ring.live.find((member) => member !== reader && member.machine.describe(silent)?.role === 'root')!;
    // Nothing of that stripe comes to this reader for ten seconds; all others have everything.
    made.ring.loses = (to, frame) => to === reader.handle.id && frame.group === silent && frame.type === 'stamped' && made.ring.now < 20_000;
    const before = made.events.length;
    made.publish(publisher, { batches: 90, everyMs: 20 });
    made.ring.run(13_000);
    const got = made.events.slice(before).flatMap(({ node, event }) => (event.type === 'messages' && node === reader.handle.id ? event.frame.blocks.map(({ payload }) => payload) : []));
    assert.deepEqual(got, Array.from({ length: 90 }, (_, i) => `${publisherSession(made)}:${i + 1}`));
    made.ring.run(40_000);
    assert.deepEqual(made.wrong, []);
    assert.equal(made.oracle.unfinished(), undefined);
  });
});

function publisherSession(made: Scene): string {
  return made.publishers[0]?.session ?? '';
}
