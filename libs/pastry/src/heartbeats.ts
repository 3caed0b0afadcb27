import { handleState, sameIncarnation, type NodeHandle } from '@banyan/kbr';
import type { Json, Millis } from '@banyan/sansio';
import { jittered, type NodeContext } from './context.ts';
import type { HeartbeatMessage } from './messages.ts';

interface Partner {
  readonly handle: NodeHandle;
  /** It has granted us a lease by a heartbeat. */
  granted: boolean;
  /** When it became our neighbor. */
  readonly since: Millis;
  /** When it is probed unless it is heard before. */
  missedAt: Millis;
  /** The latest `sentAt` it told: what our next heartbeat grants. */
  requestedAt: Millis | undefined;
  /** When our latest heartbeats to it were sent; it may echo any of them. */
  readonly sentAt: Millis[];
}

/** Own heartbeats remembered per partner; an echo of an older one is not honored. */
const SENT_MAX = 4;

/** A heartbeat asks for an answer at once when its sender's lease would not outlast this share of a period. */
const URGENT_SHARE = 0.75;

/**
 * Heartbeats between ring neighbors: a sign of life, a request for a lease and the grant of one in a single message, so that
 * detection costs the same whatever the size of the leaf set.
 * Sources: Castro, Costa, Rowstron 2004 (heartbeat to a ring neighbor only, probe after a miss); FreePastry (leases).
 * Deviation: to both neighbors rather than the left one only, since both must grant.
 */
export class Heartbeats {
  readonly #context: NodeContext;
  /** The leaf above and the leaf below; one entry when they are the same node. */
  #partners: readonly Partner[] = [];
  #beatAt = Infinity;

  constructor(context: NodeContext) {
    this.#context = context;
  }

  /** Begins to beat; the first beat comes at a random point of the period. */
  start(now: Millis): void {
    this.#beatAt = now + this.#context.rng.next() * this.#context.config.heartbeatPeriodMs;
    this.neighborsChanged(now);
  }

  /** Begins to beat as a member that has been leased for long: for tables that were filled, not joined. */
  adopt(now: Millis): void {
    const { config, leases, rng } = this.#context;
    this.#beatAt = now + rng.next() * config.heartbeatPeriodMs;
    this.#partners = this.#neighbors().map((handle) => ({ ...this.#welcome(now, handle), granted: true }));
    for (const { handle } of this.#partners) leases.hold(handle.id, now + config.leaseMs);
  }

  stop(): void {
    this.#beatAt = Infinity;
    this.#partners = [];
  }

  get #beating(): boolean {
    return this.#beatAt !== Infinity;
  }

  /** True when both ring neighbors have granted a lease that still stands; a node alone needs none. */
  leased(now: Millis): boolean {
    return this.leasedUntil() > now;
  }

  /** When the first of the leases runs out that the ring neighbors granted; Infinity of a node alone. */
  leasedUntil(): Millis {
    return this.#partners.reduce((first, partner) => Math.min(first, this.#context.leases.heldUntil(partner.handle.id)), Infinity);
  }

  /** True when this neighbor has granted nothing for a whole lease: alive perhaps, but no member. */
  isForsakenBy(now: Millis, peer: NodeHandle): boolean {
    const partner = this.#partners.find(({ handle }) => sameIncarnation(handle, peer));
    if (partner === undefined) return false;
    return now - Math.max(partner.since, this.#context.leases.heldUntil(peer.id)) > this.#context.config.leaseMs;
  }

  next(): Millis {
    let next = this.#beatAt;
    for (const partner of this.#partners) next = Math.min(next, partner.missedAt, this.#askAgainAt(partner));
    return next;
  }

  tick(now: Millis): void {
    if (now < this.next()) return;
    const beats = now >= this.#beatAt;
    if (beats) this.#beatAt = now + jittered(this.#context.config.heartbeatPeriodMs, this.#context.rng);
    for (const partner of this.#partners) {
      if (beats || now >= this.#askAgainAt(partner)) this.#beat(now, partner);
      if (now < partner.missedAt) continue;
      partner.missedAt = now + this.#missAfterMs();
      this.#context.verify(now, partner.handle);
    }
  }

  /** Takes the leaves that are now next to us as partners and asks the new ones for a lease at once. */
  neighborsChanged(now: Millis): void {
    if (!this.#beating) return;
    const neighbors = this.#neighbors();
    const former = this.#partners;
    this.#partners = neighbors.map((handle) => former.find((partner) => sameIncarnation(partner.handle, handle)) ?? this.#welcome(now, handle));
    for (const partner of this.#partners) if (!former.includes(partner)) this.#beat(now, partner);
    this.#context.leases.keepHeldOf(neighbors);
  }

  /** False when the sender is not our neighbor, although we seem to be its: somebody in between is missing there, or here. */
  receive(now: Millis, from: NodeHandle, message: HeartbeatMessage): boolean {
    const partner = this.#partners.find(({ handle }) => sameIncarnation(handle, from));
    if (partner === undefined) return false;
    partner.missedAt = now + this.#missAfterMs();
    partner.requestedAt = message.sentAt;
    if (message.grants !== undefined && partner.sentAt.includes(message.grants)) {
      partner.granted = true;
      this.#context.leases.hold(from.id, message.grants + this.#context.config.leaseMs);
    }
    // The promise counts from here, which is later than the holder counts from, and before anything is granted.
    this.#context.leases.issue(now, from, now + message.leaseMs);
    if (message.urgent) this.#beat(now, partner);
    return true;
  }

  /**
   * Grants a lease to a neighbor before we are a member ourselves: it has taken us into its leaf set, and its keys shall not
   * wait until we are done.
   */
  grant(now: Millis, to: NodeHandle, request: HeartbeatMessage): void {
    const { config, leases, send } = this.#context;
    leases.issue(now, to, now + request.leaseMs);
    send(to, { type: 'heartbeat', sentAt: now, leaseMs: config.leaseMs, grants: request.sentAt, urgent: false });
  }

  state(now: Millis): Json {
    return {
      beatMs: this.#beating ? this.#beatAt - now : null,
      partners: this.#partners.map(({ handle, granted, since, missedAt, requestedAt, sentAt }) => ({
        peer: handleState(handle),
        granted,
        sinceMs: since - now,
        missedMs: missedAt - now,
        requestedMs: requestedAt === undefined ? null : requestedAt - now,
        sentMs: sentAt.map((at) => at - now),
      })),
    };
  }

  #neighbors(): readonly NodeHandle[] {
    const { left, right } = this.#context.tables.leafSet;
    if (left === undefined || right === undefined) return [];
    return left.id === right.id ? [right] : [right, left];
  }

  #beat(now: Millis, partner: Partner): void {
    const { config, leases } = this.#context;
    partner.sentAt.push(now);
    if (partner.sentAt.length > SENT_MAX) partner.sentAt.shift();
    const urgent = !partner.granted || leases.heldUntil(partner.handle.id) < now + URGENT_SHARE * config.heartbeatPeriodMs;
    this.#context.send(partner.handle, {
      type: 'heartbeat',
      sentAt: now,
      leaseMs: config.leaseMs,
      ...(partner.requestedAt === undefined ? {} : { grants: partner.requestedAt }),
      urgent,
    });
  }

  // A neighbor that has just spoken to us will not take our keys for a while: it promises so here, on its side of the same
  // contact. We count a third of that, so that a newcomer does not keep its neighbors from delivering.
  #welcome(now: Millis, handle: NodeHandle): Partner {
    const { config, leases, peers } = this.#context;
    leases.issue(now, handle, now + config.leaseMs);
    if (peers.heardAt(handle.id) === now) leases.hold(handle.id, now + config.leaseMs / 3);
    return { handle, granted: false, since: now, missedAt: now + this.#missAfterMs(), requestedAt: undefined, sentAt: [] };
  }

  #askAgainAt(partner: Partner): Millis {
    const lastSentAt = partner.sentAt[partner.sentAt.length - 1] ?? -Infinity;
    return Math.max(this.#context.leases.heldUntil(partner.handle.id), lastSentAt + this.#context.config.leaseRetryMs);
  }

  #missAfterMs(): Millis {
    return 1.1 * this.#context.config.heartbeatPeriodMs + this.#context.config.heartbeatGraceMs;
  }
}

