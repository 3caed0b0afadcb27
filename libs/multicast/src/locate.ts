import { pump } from './feed.ts';
import type { Group } from './group.ts';
import type { FlowMessage } from './messages.ts';
import { resolveSubscriptions, sequenceAt } from './subscriptions.ts';
import type { Turn } from './turn.ts';

/** Forwarders that pass a question for a moment on; a tree is never so deep. */
const HOPS_MAX = 64;

/** Gives readers their start as far as it is known, and asks where the others begin. */
export function startReaders(turn: Turn, group: Group): void {
  resolveSubscriptions(turn, group);
  askStarts(turn, group);
}

/** Somebody below asks where a moment lies: who can tell answers, everybody else asks on. */
export function onLocate(turn: Turn, group: Group, question: Extract<FlowMessage, { type: 'locate' }>): void {
  const { stampMs, asker, hops } = question;
  const sequence = sequenceAt(group, stampMs);
  if (sequence !== undefined) turn.direct(asker, { type: 'located', group: group.id, stampMs, sequence });
  else if (group.parent !== undefined && hops < HOPS_MAX) turn.direct(group.parent.handle, { ...question, hops: hops + 1 });
}

/** The answer: every reader that waits for this moment begins there. */
export function onLocated(turn: Turn, group: Group, answer: Extract<FlowMessage, { type: 'located' }>): void {
  const waiting = [...group.subscriptions.values()].filter(({ start, position }) => position === undefined && start.type === 'time' && start.stampMs === answer.stampMs);
  if (waiting.length === 0) return;
  for (const reader of waiting) reader.located = answer.sequence;
  resolveSubscriptions(turn, group);
  pump(turn, group);
}

/**
 * Asks for the sequences at which readers begin who named a moment that this node's history does not reach back to.
 * The question goes up the tree until somebody's history does, at last the root's. Either may be lost: it is asked again.
 */
function askStarts(turn: Turn, group: Group): void {
  const { parent } = group;
  if (parent === undefined) return;
  const asked = new Set<number>();
  for (const reader of group.subscriptions.values()) {
    if (reader.position !== undefined || reader.start.type !== 'time' || (reader.askedAt ?? -Infinity) + turn.config.fetchMs > turn.now) continue;
    reader.askedAt = turn.now;
    const { stampMs } = reader.start;
    if (asked.has(stampMs)) continue;
    asked.add(stampMs);
    turn.direct(parent.handle, { type: 'locate', group: group.id, stampMs, asker: turn.self, hops: 0 });
  }
}
