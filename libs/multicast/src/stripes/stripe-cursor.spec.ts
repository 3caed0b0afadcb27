import assert from 'node:assert/strict';
import { it } from 'vitest';
import type { MulticastCommand } from '../commands.ts';
import type { Block } from '../frames.ts';
import { idAt } from '../testing/lone-node.ts';
import { descriptorOf } from '../testing/scene.ts';
import { StripeCursor } from './stripe-cursor.ts';

const STRIPE = descriptorOf(idAt('a0'));
const PART: Block = { client: 'c', session: 's', counter: 7, count: 1, payload: 'p', bytes: 100 };

/** A reader's place in a stripe that began at 1 and got one payload, at sequence 7; and what it asks for. */
function cursorWithPart(): { readonly cursor: StripeCursor; readonly asked: MulticastCommand[]; readonly drops: string[] } {
  const [asked, drops]: [MulticastCommand[], string[]] = [[], []];
  let id = 0;
  const port = { now: 1_000, command: (command: MulticastCommand) => void asked.push(command), event: () => undefined, drop: (reason: string) => void drops.push(reason) };
  const cursor = new StripeCursor(port, { descriptor: STRIPE, windowBytes: 1_000, newId: () => ++id });
  cursor.open(1);
  const at = { subscription: 1, group: STRIPE.group };
  cursor.on({ type: 'subscribed', ...at, firstSequence: 1, descriptor: STRIPE });
  const epoch = { counter: 1, root: idAt('a0'), incarnation: 1 };
  cursor.on({ type: 'messages', subscription: 1, from: 1, frame: { type: 'stamped', group: STRIPE.group, epoch, firstSequence: 7, count: 1, committed: 7, stampMs: 1, blocks: [PART], bytes: 100 } });
  return { cursor, asked, drops };
}

it('keeps a payload until a block names it', () => {
  const { cursor } = cursorWithPart();
  assert.deepEqual(cursor.find({ stripe: 0, sequence: 7, bytes: 100 }), { type: 'here', block: PART });
  assert.deepEqual(cursor.find({ stripe: 0, sequence: 8, bytes: 100 }), { type: 'awaited' });
});

it('asks again for a payload that was let go before a block named it: the main tree may have been out of reach for long', () => {
  const { cursor, asked, drops } = cursorWithPart();
  cursor.dropBefore(1_001, () => false);
  assert.deepEqual(drops, ['orphan_part']);
  asked.length = 0;
  assert.deepEqual(cursor.find({ stripe: 0, sequence: 7, bytes: 100 }), { type: 'awaited' });
  assert.deepEqual(
    asked.map((command) => (command.type === 'subscribe' ? command.start : command.type)),
    ['unsubscribe', { type: 'sequence', sequence: 1 }],
  );
});
