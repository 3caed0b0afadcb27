import type { HopMessage } from '@banyan/hop-delivery';
import type { NodeHandle, RoutingEffect } from '@banyan/kbr';
import { assertNever, type Millis } from '@banyan/sansio';
import type { Admission } from './admission.ts';
import { participates, type NodeContext } from './context.ts';
import type { Introduction } from './introduction.ts';
import type { Join } from './join.ts';
import type { LeafProbing } from './leaf-probing.ts';
import type { Liveness } from './liveness.ts';
import { located } from './located.ts';
import { ROW_EXCHANGE } from './maintenance.ts';
import type { Merge } from './merge.ts';
import { listsTooMany } from './message-bounds.ts';
import type { PastryMessage } from './messages.ts';
import type { Repair } from './repair.ts';

/** What messages are handed to. */
export interface InboxParts {
  readonly context: NodeContext;
  readonly admission: Admission;
  readonly introduction: Introduction;
  readonly join: Join;
  readonly leafProbing: LeafProbing;
  readonly liveness: Liveness;
  readonly merge: Merge;
  readonly repair: Repair;
  /** An envelope, or an acknowledgement of one. */
  readonly onHop: (now: Millis, from: NodeHandle, message: HopMessage) => void;
  readonly emit: (effect: RoutingEffect<PastryMessage>) => void;
}

/** Hands what other nodes say to the mechanism whose it is, after it counted as a sign of life. */
export class Inbox {
  readonly #parts: InboxParts;

  constructor(parts: InboxParts) {
    this.#parts = parts;
  }

  take(now: Millis, from: NodeHandle, message: PastryMessage): void {
    const { context, emit, liveness, merge } = this.#parts;
    if (from.id === context.self.id) return this.#drop('own_id');
    if (listsTooMany(message, context.config)) return emit({ type: 'peerFault', peer: from, fault: 'list_too_long' });
    const heard = context.peers.heard(now, from);
    if (heard.type === 'stale') return this.#drop('stale_incarnation');
    if (heard.type === 'restarted') liveness.lose(now, heard.former, 'restarted');
    if (heard.type === 'revived') liveness.onRevived(now, from, message);
    merge.heard(now, from);
    this.#dispatch(now, from, message);
  }

  #dispatch(now: Millis, from: NodeHandle, message: PastryMessage): void {
    const { context, admission, introduction, join, leafProbing, liveness, merge, repair, onHop } = this.#parts;
    const { phase } = context;
    switch (message.type) {
      case 'envelope':
        // Meant for an earlier life: nobody can know this one yet. Unacknowledged, it finds another way.
        if (!participates(phase) && phase !== 'left') return this.#drop('not_a_member');
        // The sender missed our farewell: else it would take us for the root, and the message come back to it from the one that is.
        if (phase === 'left') context.send(from, { type: 'leaving' });
        return onHop(now, from, message);
      case 'hopAck':
        return onHop(now, from, message);
      case 'ping':
      case 'pong':
      case 'pingRequest':
      case 'pingReport':
      case 'distance':
        return liveness.apply(now, context.peers.receive(now, from, message));
      case 'heartbeat':
        return liveness.onHeartbeat(now, from, message);
      case 'leafProbe':
        admission.sign(now, from, message.ready);
        return leafProbing.onProbe(now, from, message);
      case 'leafReply':
        admission.sign(now, from, message.ready);
        return leafProbing.onReply(now, from, message);
      case 'leafNews':
        return leafProbing.onNews(now, message);
      case 'ringLookup':
        return merge.onLookup(now, message);
      case 'joinRequest':
        return admission.onRequest(now, message);
      case 'joinRows':
        return join.onRows(now, from, message);
      case 'joinAccept':
        return join.onAccept(now, from, message);
      case 'joinBusy':
        return join.onBusy(now, message);
      case 'announce':
        admission.release(from);
        leafProbing.onAnnounced(now, from);
        return introduction.onAnnounce(now, from, message);
      case 'leaving':
        return liveness.lose(now, from, 'left');
      case 'leavesRequest':
        return context.send(from, { type: 'leavesReply', nonce: message.nonce, leaves: context.tables.leafSet.members, depth: context.tables.table.depth });
      case 'rowRequest':
        return context.send(from, { type: 'rowReply', nonce: message.nonce, row: message.row, entries: located(context.tables.table.row(message.row, message.columns), context.peers) });
      case 'leavesReply':
        return join.search.onReply(now, from, message);
      case 'rowReply':
        if (phase === 'searching') return join.search.onReply(now, from, message);
        if (message.nonce === ROW_EXCHANGE) return introduction.lookAt(now, message.entries, message.entries.nodes.length);
        return repair.onRow(now, message.row, message.entries.nodes);
      default:
        return assertNever(message);
    }
  }

  #drop(reason: string): void {
    this.#parts.emit({ type: 'drop', reason, count: 1 });
  }
}
