import type { NodeHandle } from '@banyan/kbr';
import { childOf } from './children.ts';
import type { Group } from './group.ts';
import type { Turn } from './turn.ts';

/** Beyond the group's own patience a root waits this much longer for the word that a reader was detached. */
const GRACE_LOOKS = 5;

/**
 * A counted reader at or below this node is a window behind. The word goes up the tree, said on at most once a look however
 * many say it; the root tells the publishers' nodes. It wears off by itself, so nobody has to take it back.
 */
export function hold(turn: Turn, group: Group): void {
  if (turn.now - group.holdSaidAt < turn.config.slowLookMs / 2) return;
  group.holdSaidAt = turn.now;
  if (group.sequencer !== undefined) holdPublishers(turn, group);
  else if (group.parent !== undefined) turn.direct(group.parent.handle, { type: 'hold', group: group.id });
}

/** A child says that a reader below it is waited for. */
export function onHold(turn: Turn, group: Group, from: NodeHandle): void {
  if (childOf(group, from) !== undefined) hold(turn, group);
}

/** Publishers wait no longer than the group allows, whatever is said below: who keeps on saying it is not listened to. */
function holdPublishers(turn: Turn, group: Group): void {
  const { holdMs, slowLookMs } = turn.config;
  const patienceMs = group.descriptor?.backpressure?.maxWaitMs;
  if (patienceMs === undefined) return;
  if (group.heldUntil <= turn.now) {
    group.heldSince = turn.now;
    turn.note(group.id, 'held');
  }
  group.heldUntil = turn.now + holdMs;
  if (turn.now - group.heldSince > patienceMs + GRACE_LOOKS * slowLookMs) return;
  for (const { node } of group.intakes.values()) turn.direct(node, { type: 'publishHold', group: group.id });
}
