import type { LinkId } from '@banyan/kbr';
import { startBackfill } from './backfill.ts';
import type { Child, Group } from './group.ts';
import type { MulticastFrame } from './frames.ts';
import { frameCost, type Retained } from './retention-ring.ts';
import { pumpSubscriptions } from './subscriptions.ts';
import type { Turn } from './turn.ts';

/**
 * Sends every child and every local reader what it lacks and has credit for.
 * Each has a cursor of its own, so one that stands still holds nobody up: what it misses stays in the ring until it
 * grows too old there, and then the cursor is told a gap.
 */
export function pump(turn: Turn, group: Group): void {
  pumpChildren(turn, group);
  pumpSubscriptions(turn, group);
}

/** Frames to every child that flows, at most `burstMax` each; the rest at the next tick. */
function pumpChildren(turn: Turn, group: Group): void {
  const sends = new Map<MulticastFrame, { readonly at: number; readonly links: LinkId[] }>();
  for (const child of group.children.values()) {
    if (child.link === undefined || child.position >= group.ring.next) continue;
    for (let sent = 0; child.sentBytes < child.creditBytes; sent++) {
      if (sent === turn.config.burstMax) {
        group.pumpAt = turn.now + 1;
        break;
      }
      const frame = nextFrame(turn, group, child);
      if (frame === undefined) break;
      const send = sends.get(frame);
      if (send === undefined) sends.set(frame, { at: child.position, links: [child.link] });
      else send.links.push(child.link);
    }
    if (child.position < group.ring.next && child.sentBytes >= child.creditBytes) child.stalledSince ??= turn.now;
    else child.stalledSince = undefined;
  }
  // Each link must see its frames in order, whichever child asked for a frame first.
  const ordered = sends.size > 1 ? [...sends].sort((a, b) => a[1].at - b[1].at) : sends;
  for (const [frame, { links }] of ordered) turn.fanOut(links, frame);
}

/** What the child's cursor stands on, and the cursor moved past it; undefined when it must wait. */
function nextFrame(turn: Turn, group: Group, child: Child): MulticastFrame | undefined {
  const from = child.position;
  const entry = group.ring.entryFor(from) ?? group.backfill?.ring.entryFor(from);
  if (entry !== undefined) return advance(child, entry);
  if (from >= group.ring.next) return undefined;
  if (!isExpired(group, from)) {
    startBackfill(turn, group, from);
    return undefined;
  }
  child.position = group.ring.low;
  return { type: 'gap', group: group.id, from, to: group.ring.low, reason: 'EXPIRED' };
}

function advance(child: Child, entry: Retained): MulticastFrame {
  const { frame } = entry;
  child.sentBytes += frameCost(frame);
  child.position = entry.to;
  return frame;
}

/** True when asking further up for `sequence` is of no use. */
export function isExpired(group: Group, sequence: number): boolean {
  return group.parent === undefined ? group.sequencer !== undefined : sequence < group.ring.floor || sequence < group.rootLow;
}
