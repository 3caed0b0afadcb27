import type { Id } from '@banyan/ids';
import type { NodeHandle, RoutingEffect } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';
import type { ChurnEstimate } from './churn-estimate.ts';
import type { NodeContext, Phase } from './context.ts';
import type { Heartbeats } from './heartbeats.ts';
import type { Introduction } from './introduction.ts';
import type { Join } from './join.ts';
import type { LeafProbing } from './leaf-probing.ts';
import type { Maintenance } from './maintenance.ts';
import type { Merge } from './merge.ts';
import type { PastryMessage } from './messages.ts';
import type { Repair } from './repair.ts';
import type { Sweep } from './sweep.ts';

export interface MembershipDeps {
  readonly context: NodeContext;
  readonly churn: ChurnEstimate;
  readonly heartbeats: Heartbeats;
  readonly introduction: Introduction;
  readonly join: Join;
  readonly leafProbing: LeafProbing;
  readonly maintenance: Maintenance;
  readonly merge: Merge;
  readonly repair: Repair;
  readonly sweep: Sweep;
  readonly emit: (effect: RoutingEffect<PastryMessage>) => void;
  /** What waited for this node to be active, or to be gone, may go on. */
  readonly freed: (now: Millis) => void;
}

/**
 * How far a node is in its ring, and what begins and ends with that: it enters, steps back when it was not scheduled for so
 * long that others may think it dead, and leaves.
 */
export class Membership {
  readonly #deps: MembershipDeps;
  #phase: Phase = 'idle';

  constructor(deps: MembershipDeps) {
    this.#deps = deps;
  }

  get phase(): Phase {
    return this.#phase;
  }

  enter(now: Millis, phase: Phase): void {
    const { context, emit, freed, introduction } = this.#deps;
    const was = this.#phase;
    if (was === phase) return;
    this.#phase = phase;
    const ready = phase === 'active';
    context.peers.ready = ready;
    if (ready || was === 'active') emit({ type: 'readyChanged', ready });
    if (ready) {
      context.note('joined');
      introduction.begin(now);
      this.startRoutine(now);
    }
    if (ready || phase === 'left') freed(now);
  }

  /** A member from its first moment, of a ring that stands already. */
  belong(): void {
    this.#phase = 'active';
    this.#deps.context.peers.ready = true;
  }

  startRoutine(now: Millis): void {
    const { churn, maintenance, merge, sweep } = this.#deps;
    churn.begin(now);
    maintenance.start(now);
    sweep.start(now);
    merge.start(now);
  }

  /** This node did not run for so long. After a shorter stall too: where a lease ran out meanwhile, another may own our keys by now. */
  stalled(now: Millis, forMs: Millis): void {
    const { context, heartbeats, join } = this.#deps;
    const isBrief = forMs <= context.config.leaseMs / 2 && heartbeats.leased(now);
    if (isBrief || this.#phase !== 'active') return;
    context.note('stepped_back');
    context.leases.dropHeld();
    join.restart(now);
  }

  leave(now: Millis): void {
    if (this.#phase === 'left' || this.#phase === 'idle') return;
    const { context, heartbeats, join, leafProbing, maintenance, merge, repair, sweep } = this.#deps;
    const told = new Map<Id, NodeHandle>();
    for (const peer of [...context.tables.leafSet.members, ...context.tables.table.entries()]) told.set(peer.id, peer);
    for (const peer of told.values()) context.send(peer, { type: 'leaving' });
    context.leases.dropHeld();
    for (const routine of [heartbeats, maintenance, merge, repair, sweep, leafProbing, join]) routine.stop();
    this.enter(now, 'left');
  }
}
