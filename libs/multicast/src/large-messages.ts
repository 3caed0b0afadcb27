import type { Sequence } from './epoch.ts';
import type { Block } from './frames.ts';
import type { Group } from './group.ts';
import type { RetentionRing } from './retention-ring.ts';
import { number, type Sequencer } from './sequencer.ts';
import { sessionKey } from './session-key.ts';
import type { Turn } from './turn.ts';

/** Sequences looked through for the first part of a message. */
const LOOK_BACK_MAX = 65_536;

/**
 * Closes large messages whose publisher went away in the middle: numbers a block that says so, by which every reader knows that the
 * parts he has are all that will come. Only what is committed is waited for, so neither a lost quorum nor a publisher that is held
 * back for a slow reader costs a message.
 */
export function giveUpUnfinished(turn: Turn, group: Group, sequencer: Sequencer): void {
  const { unfinished } = sequencer;
  const open = group.sessions.openMessages();
  if (unfinished.size > 0) {
    const keys = new Set(open.map(sessionKey));
    for (const key of unfinished.keys()) if (!keys.has(key)) unfinished.delete(key);
  }
  for (const message of open) {
    const { client, session, nextCounter, newest } = message;
    const key = sessionKey(message);
    const waited = unfinished.get(key);
    if (waited?.counter !== nextCounter) {
      unfinished.set(key, { counter: nextCounter, since: turn.now });
      continue;
    }
    if (newest >= group.committed || group.fenced || group.heldUntil > turn.now) waited.since = turn.now;
    if (turn.now - waited.since < turn.config.largeMessageMs) continue;
    unfinished.delete(key);
    number(turn, group, sequencer, { client, session, counter: nextCounter, count: 1, payload: undefined, bytes: 0, fragment: { index: 0, count: 0 } });
    turn.note(group.id, 'message_given_up');
  }
}

/**
 * Where a reader has to begin who is to get the message at `sequence` whole: at its first part. Exact where that is kept here, or
 * was told by the parent; else as far back as the message has parts before, which is right unless others came between.
 */
export function wholeFrom(group: Group, sequence: Sequence): Sequence {
  const { ring } = group;
  const part = blockAt(ring, sequence);
  const told = sequence < group.toldEnd ? Math.min(sequence, group.lastWhole ?? sequence) : sequence;
  if (part === undefined) return told;
  const index = part.fragment?.index ?? 0;
  if (index === 0) return sequence;
  for (let at = sequence - 1; at >= Math.max(ring.low, sequence - LOOK_BACK_MAX); at--) {
    const block = blockAt(ring, at);
    if (block?.session === part.session && block.client === part.client && block.counter === part.counter - index) return at;
  }
  return Math.min(told, Math.max(1, sequence - index));
}

function blockAt(ring: RetentionRing, sequence: Sequence): Block | undefined {
  const frame = ring.entryFor(sequence)?.frame;
  if (frame?.type !== 'stamped') return undefined;
  let first = frame.firstSequence;
  for (const block of frame.blocks) {
    if (sequence < first + block.count) return block;
    first += block.count;
  }
  return undefined;
}
