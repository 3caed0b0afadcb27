import type { NodeHandle, RoutingEffect } from '@banyan/kbr';
import type { PeerEffect, ProbeKind } from '@banyan/peers';
import { assertNever, type Millis } from '@banyan/sansio';
import type { Admission } from './admission.ts';
import type { ChurnEstimate } from './churn-estimate.ts';
import { participates, type NodeContext } from './context.ts';
import type { Heartbeats } from './heartbeats.ts';
import type { Join } from './join.ts';
import type { LeafProbing } from './leaf-probing.ts';
import type { Merge } from './merge.ts';
import type { HeartbeatMessage, PastryMessage } from './messages.ts';
import type { Repair } from './repair.ts';

/** Why a node is no member any more: found dead by probing, said goodbye, began a new life, never
 * finished its join, or was a mere table entry that did not answer. */
type LossCause = 'dead' | 'left' | 'restarted' | 'unfinished' | 'silent';

export interface LivenessDeps {
  readonly context: NodeContext;
  readonly churn: ChurnEstimate;
  readonly join: Join;
  readonly admission: Admission;
  readonly leafProbing: LeafProbing;
  readonly heartbeats: Heartbeats;
  readonly repair: Repair;
  readonly merge: Merge;
  readonly emit: (effect: RoutingEffect<PastryMessage>) => void;
}

/**
 * What probes find out about peers, and what follows from it for all whom it touches: the tables, the leases, the join, repair,
 * the memory of those we lost.
 * Sources: Castro, Costa, Rowstron 2004, §3.1 (who believes whom dead); Das et al. 2002 (unreachable is not dead).
 */
export class Liveness {
  readonly #deps: LivenessDeps;
  /** Peers lost to us in this turn: what waits for them goes elsewhere once the turn's message has had its effect. */
  #lostThisTurn: NodeHandle[] = [];

  constructor(deps: LivenessDeps) {
    this.#deps = deps;
  }

  /** Peers lost since the last call. */
  takeLost(): readonly NodeHandle[] {
    if (this.#lostThisTurn.length === 0) return NONE;
    const lost = this.#lostThisTurn;
    this.#lostThisTurn = [];
    return lost;
  }

  /** Carries out what probing found. */
  apply(now: Millis, effects: readonly PeerEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'send':
          this.#deps.emit(effect);
          break;
        case 'answered':
          this.#onAnswered(now, effect.peer, effect.ready);
          break;
        case 'silent':
          this.#onSilent(now, effect.peer);
          break;
        case 'dead':
          this.lose(now, effect.peer, 'dead');
          break;
        case 'unreachable':
          this.#onUnreachable(now, effect.peer);
          break;
        default:
          assertNever(effect);
      }
    }
  }

  /** Finds out whether a peer in our tables lives; what is known already is not asked again. */
  verify(now: Millis, member: NodeHandle, because?: 'foundDead' | 'askOthers' | 'unacknowledged'): void {
    const { peers, tables } = this.#deps.context;
    // Our own silence and the word of another: that is enough, and we have the former already.
    if (because === 'foundDead' && peers.isUnreachable(now, member) && tables.leafSet.has(member.id)) return this.lose(now, member, 'dead');
    this.apply(now, peers.probe(now, member, this.#proofOfDeath(member, because), because === 'unacknowledged' ? 1 : 0));
  }

  /** This life is over for us: it leaves every table, and all who have to do with it are told. */
  lose(now: Millis, lost: NodeHandle, cause: LossCause): void {
    const { admission, context, leafProbing } = this.#deps;
    if (cause === 'dead' || cause === 'left') context.peers.bury(now, lost);
    // A dead node's lease runs on, for it may be dead to us only; who is known to be no member any more has given it back.
    if (cause === 'left' || cause === 'restarted' || cause === 'unfinished') context.leases.release(lost.id);
    leafProbing.peerLost(lost);
    admission.release(lost);
    if (context.tables.has(lost.id)) this.#loseMember(now, lost, cause);
    else context.tables.backups.remove(lost.id);
    this.#lostThisTurn.push(lost);
  }

  /** The sender takes us for its ring neighbor. If we do not take it for ours, one of us does not know who is in between. */
  onHeartbeat(now: Millis, from: NodeHandle, message: HeartbeatMessage): void {
    const { context, heartbeats, leafProbing, repair } = this.#deps;
    if (!participates(context.phase)) return;
    if (context.phase === 'probing') return heartbeats.grant(now, from, message);
    const isNeighbor = heartbeats.receive(now, from, message);
    if (message.failed.length > 0) repair.onSuccessors(now, message.leaves);
    else repair.onMissing(now, from, message.leaves);
    leafProbing.hearOfDeaths(now, message.failed);
    if (isNeighbor) return;
    leafProbing.probe(now, from);
    const { leafSet } = context.tables;
    const between = leafSet.isAbove(from.id) ? leafSet.right : leafSet.left;
    if (between !== undefined && between.id !== from.id && message.urgent) this.verify(now, between);
  }

  /** One that we had found dead speaks. */
  onRevived(now: Millis, from: NodeHandle, { type }: PastryMessage): void {
    this.#deps.context.note('peer_revived', from);
    // With these two it is taken in as it is.
    if (type === 'leafProbe' || type === 'leafReply') return;
    if (participates(this.#deps.context.phase)) this.#deps.leafProbing.consider(now, [from]);
  }

  #onAnswered(now: Millis, peer: NodeHandle, ready: boolean): void {
    const { context, heartbeats, join, leafProbing } = this.#deps;
    join.search.answered(now, peer, ready);
    if (!ready && heartbeats.isForsakenBy(now, peer)) return this.lose(now, peer, 'unfinished');
    if (!ready) return;
    context.tables.offer(peer, context.peers.proximityMs(peer.id));
    if (participates(context.phase)) leafProbing.consider(now, [peer]);
  }

  // A leaf's death is believed on proof, for keys change hands; a mere table entry is not worth more than its answer.
  #proofOfDeath(member: NodeHandle, because: 'foundDead' | 'askOthers' | 'unacknowledged' | undefined): ProbeKind {
    const { leafSet } = this.#deps.context.tables;
    if (!leafSet.has(member.id)) return 'check';
    if (because === 'foundDead') return 'confirm';
    return because === 'askOthers' || leafSet.isNeighbor(member.id) ? 'verify' : 'check';
  }

  #onSilent(now: Millis, peer: NodeHandle): void {
    const { peers, tables } = this.#deps.context;
    this.#deps.join.search.silent(now, peer);
    if (tables.leafSet.isNeighbor(peer.id)) return this.verify(now, peer);
    if (tables.leafSet.has(peer.id)) return this.#onUnreachable(now, peer);
    peers.markUnreachable(now, peer);
    if (tables.has(peer.id)) return this.lose(now, peer, 'silent');
    tables.backups.remove(peer.id);
    // What was sent to it while it was a leaf, and waits for it still, goes another way.
    this.#lostThisTurn.push(peer);
  }

  // Only not for us, perhaps: routes go around it, but its keys are still its own. If it is dead its neighbors will tell.
  #onUnreachable(now: Millis, peer: NodeHandle): void {
    const { note, peers, tables } = this.#deps.context;
    peers.markUnreachable(now, peer);
    note('peer_unreachable', peer);
    tables.table.remove(peer.id);
    tables.neighborhood.remove(peer.id);
    this.#lostThisTurn.push(peer);
    if (tables.leafSet.has(peer.id)) this.#deps.repair.onSilentLeaf(now);
  }

  #loseMember(now: Millis, lost: NodeHandle, cause: LossCause): void {
    const { churn, context, emit, heartbeats, merge, repair } = this.#deps;
    const removal = context.tables.remove(lost.id);
    if (cause === 'dead' || cause === 'silent') merge.remember(now, lost);
    if (cause !== 'unfinished' && cause !== 'left') churn.failed(now);
    if (cause === 'dead' && removal.leaf !== undefined) heartbeats.tellDeath(now, lost, removal.leaf.wasNeighbor);
    if (cause !== 'unfinished' && cause !== 'silent') emit({ type: 'peerDead', peer: lost });
    if (participates(context.phase)) repair.onLost(now, lost, removal);
  }
}

const NONE: readonly NodeHandle[] = [];
