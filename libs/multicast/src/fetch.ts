import type { NodeHandle } from '@banyan/kbr';
import { startBackfill, tickBackfill } from './backfill.ts';
import type { Sequence } from './epoch.ts';
import { isExpired } from './feed.ts';
import type { Group } from './group.ts';
import type { FlowMessage } from './messages.ts';
import { frameCost } from './retention-ring.ts';
import type { Turn } from './turn.ts';

/** Bytes that one answer to a fetch may have, whatever is asked for. */
const ANSWER_BYTES_MAX = 4 * 1_048_576;
/** Unanswered requests after which the link is opened again. */
const VAIN_MAX = 3;

/** Fetches from `source` what this node lacks below `to`, over a link of its own if no tree edge joins them. */
export function startFetch(turn: Turn, group: Group, source: NodeHandle, to: Sequence): void {
  group.fetch = { source, to, retryAt: turn.now, tries: 0, vain: 0, next: group.ring.next };
  tickFetch(turn, group);
}

/** Asks (again, or for the next piece) until all is here. */
export function tickFetch(turn: Turn, group: Group): void {
  const { fetch } = group;
  if (fetch === undefined) return;
  if (group.ring.next >= fetch.to) {
    group.fetch = undefined;
    return;
  }
  if (fetch.retryAt > turn.now) return;
  fetch.retryAt = turn.now + turn.config.fetchMs;
  fetch.tries++;
  fetch.vain = group.ring.next > fetch.next ? 0 : fetch.vain + 1;
  fetch.next = group.ring.next;
  // The link may swallow what is sent on it.
  if (fetch.vain > VAIN_MAX) {
    fetch.vain = 0;
    turn.hangUp(fetch.source);
  }
  if (turn.neighbors.get(fetch.source.id)?.uplink === undefined) turn.push({ type: 'dial', to: fetch.source });
  else turn.direct(fetch.source, { type: 'fetch', group: group.id, from: group.ring.next, to: fetch.to, bytesMax: turn.config.fetchBytes });
}

/** The link to the source came up: asks at once. */
export function hurryFetch(turn: Turn, group: Group, source: NodeHandle): void {
  if (group.fetch?.source.id === source.id) group.fetch.retryAt = turn.now;
  if (group.backfill?.source.id === source.id) group.backfill.retryAt = turn.now;
  tickFetch(turn, group);
  tickBackfill(turn, group);
}

/**
 * Answers with the frames asked for, over the link that the asker dialled. Keeps no state: what is not here yet is
 * fetched for itself meanwhile, and the asker asks again.
 */
export function onFetch(turn: Turn, group: Group, from: NodeHandle, ask: Extract<FlowMessage, { type: 'fetch' }>): void {
  const link = turn.neighbors.get(from.id)?.downlink;
  if (link === undefined) return;
  const bytesMax = Math.min(ask.bytesMax, ANSWER_BYTES_MAX);
  let position = ask.from;
  for (let bytes = 0; position < Math.min(ask.to, group.ring.next) && bytes < bytesMax; ) {
    const entry = group.ring.entryFor(position) ?? group.backfill?.ring.entryFor(position);
    if (entry !== undefined) {
      turn.fanOut([link], entry.frame);
      position = entry.to;
      bytes += frameCost(entry.frame);
      continue;
    }
    if (!isGone(turn, group, position)) {
      startBackfill(turn, group, position);
      return;
    }
    const to = Math.min(ask.to, group.ring.low);
    turn.fanOut([link], { type: 'gap', group: group.id, from: position, to, reason: 'EXPIRED' });
    position = to;
  }
}

/** True when this node may say that nobody has `sequence`: it grew too old here, or this node holds all that is kept. */
function isGone(turn: Turn, group: Group, sequence: Sequence): boolean {
  if (group.parent !== undefined) return isExpired(group, sequence);
  return group.sequencer !== undefined || group.seal !== undefined || group.isVoter(turn) || sequence < group.ring.floor;
}
