import { handleState, sameIncarnation, type NodeHandle } from '@banyan/kbr';
import type { Json, Millis } from '@banyan/sansio';
import { jittered, type NodeContext } from './context.ts';
import { differsAt, halfDigest, halfOf, missingAt } from './half-digest.ts';
import type { HeartbeatMessage } from './messages.ts';
import { RingNews } from './ring-news.ts';

interface Partner {
  readonly handle: NodeHandle;
  /** It has granted us a lease by a heartbeat. */
  granted: boolean;
  /** When it became our neighbor. */
  readonly since: Millis;
  /** When it is probed unless it is heard before. */
  missedAt: Millis;
  /** When it is sent the next heartbeat. */
  beatAt: Millis;
  /** The latest `sentAt` it told, and for how long from then on we have promised to leave its keys alone. */
  promised: { readonly sentAt: Millis; readonly leaseMs: Millis } | undefined;
  /** Its own period, as its leases tell it; ours until then. */
  periodMs: Millis | undefined;
  /** Failures of one node per second, as it believes. */
  failureRate: number | undefined;
  /** When our latest heartbeats to it were sent; it may echo any of them. */
  readonly sentAt: Millis[];
  readonly news: RingNews;
  /** How many times in a row its half on our side was not what we expect, and what it seems to lack. */
  disagreed: number;
  missing: readonly NodeHandle[];
}

/** Own heartbeats remembered per partner; an echo of an older one is not honored. */
const SENT_MAX = 4;

/** A heartbeat asks for an answer at once when its sender's lease would not outlast this share of a period. */
const URGENT_SHARE = 0.25;
/** The death of a ring neighbor is told so soon; of other leaves within this share of a period, several at a time if it may be. */
const NEWS_DELAY_MS: Millis = 300;
const NEWS_DELAY_SHARE = 0.4;
/** Leaves told beside a death, for the receiver has room for them then. */
const SUCCESSORS_MAX = 4;
/** A disagreement of leaf sets is told of when it has lasted so many heartbeats: most mend themselves. */
const DISAGREED_MIN = 2;

/**
 * Heartbeats between ring neighbors: a sign of life, a request for a lease and the grant of one in a single message, so that
 * detection costs the same whatever the size of the leaf set. Each is also the bearer of news: deaths travel outward from
 * leaf to leaf, with the leaf that takes the dead one's place; a node that was told asks for itself before it tells on. And
 * each tells a digest of the half of its leaf set that lies towards the other, who names what is missing there.
 * A heartbeat that goes early for any reason stands for the next one. The issuer decides how long a lease lasts and says so.
 * Sources: Castro, Costa, Rowstron 2004 (heartbeat to a ring neighbor only, probe after a miss); FreePastry (leases).
 * Deviations: to both neighbors rather than the left one only, since both must grant; the whole leaf set is not told of a
 * death by its two neighbors but each leaf by the one before it.
 */
export class Heartbeats {
  readonly #context: NodeContext;
  /** The leaf above and the leaf below; one entry when they are the same node. */
  #partners: readonly Partner[] = [];
  #beating = false;

  constructor(context: NodeContext) {
    this.#context = context;
  }

  /** Begins to beat; the first beat comes at once, the next at a random point of the period. */
  start(now: Millis): void {
    this.#beating = true;
    this.neighborsChanged(now);
  }

  /** Begins to beat as a member that has been leased for long: for tables that were filled, not joined. */
  adopt(now: Millis): void {
    const { leases, pace, rng } = this.#context;
    this.#beating = true;
    const periodMs = pace.heartbeatMs(now);
    this.#partners = this.#neighbors().map((handle) => ({ ...this.#welcome(now, handle), granted: true, beatAt: now + rng.next() * periodMs }));
    for (const partner of this.#partners) partner.missedAt = now + this.#missAfterMs(now, partner);
    for (const { handle } of this.#partners) {
      leases.issue(now, handle, now + pace.leaseMs(now));
      leases.hold(handle.id, now + pace.leaseMs(now));
    }
  }

  stop(): void {
    this.#beating = false;
    this.#partners = [];
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

  /** The failure rates that the neighbors believe in. */
  toldFailureRates(): readonly number[] {
    return this.#partners.flatMap(({ failureRate }) => failureRate ?? []);
  }

  next(): Millis {
    let next = Infinity;
    for (const partner of this.#partners) next = Math.min(next, partner.beatAt, partner.missedAt, this.#askAgainAt(partner));
    return next;
  }

  tick(now: Millis): void {
    if (now < this.next()) return;
    for (const partner of this.#partners) {
      if (now >= partner.beatAt || now >= this.#askAgainAt(partner)) this.#beat(now, partner);
      if (now < partner.missedAt) continue;
      partner.missedAt = now + this.#missAfterMs(now, partner);
      this.#context.verify(now, partner.handle);
    }
  }

  /** Takes the leaves that are now next to us as partners and asks the new ones for a lease at once. */
  neighborsChanged(now: Millis): void {
    if (!this.#beating) return;
    const neighbors = this.#neighbors();
    const former = this.#partners;
    this.#partners = neighbors.map((handle) => former.find((partner) => sameIncarnation(partner.handle, handle)) ?? this.#welcome(now, handle));
    for (const partner of this.#partners) {
      if (former.includes(partner)) continue;
      // What the former neighbor was to be told its successor is told.
      for (const gone of former) if (!this.#partners.includes(gone)) for (const life of gone.news.take(now)) partner.news.add(life);
      this.#beat(now, partner);
    }
    this.#context.leases.keepHeldOf(neighbors);
  }

  /** A leaf is dead: its other leaves hear it from one another. */
  tellDeath(now: Millis, life: NodeHandle, wasNeighbor: boolean): void {
    const { pace, rng } = this.#context;
    const delayMs = wasNeighbor ? NEWS_DELAY_MS : Math.max(NEWS_DELAY_MS, NEWS_DELAY_SHARE * pace.heartbeatMs(now));
    for (const partner of this.#partners) {
      partner.news.add(life);
      if (partner.news.size > 0) partner.beatAt = Math.min(partner.beatAt, now + delayMs * (0.5 + 0.5 * rng.next()));
    }
  }

  /** False when the sender is not our neighbor, although we seem to be its: somebody in between is missing there, or here. */
  receive(now: Millis, from: NodeHandle, message: HeartbeatMessage): boolean {
    const { leases, pace } = this.#context;
    const partner = this.#partners.find(({ handle }) => sameIncarnation(handle, from));
    if (partner === undefined) return false;
    partner.periodMs = message.leaseMs / pace.leasePeriods;
    partner.failureRate = message.failureRate;
    partner.missedAt = now + this.#missAfterMs(now, partner);
    if (message.grants !== undefined && partner.sentAt.includes(message.grants)) {
      partner.granted = true;
      partner.news.acknowledged(message.grants);
      leases.hold(from.id, message.grants + message.leaseMs);
    }
    // Whoever speaks quicker than we do is answered as quickly, for its leases are as short.
    const periodMs = this.#periodMs(now, partner);
    if (partner.beatAt > now + 1.1 * periodMs) partner.beatAt = now + jittered(periodMs, this.#context.rng);
    this.#promise(now, partner, message.sentAt);
    for (const life of message.failed) partner.news.heard(life);
    this.#adopt(now, from, message);
    this.#compare(partner, message.digest);
    if (message.urgent) this.#beat(now, partner);
    return true;
  }

  /**
   * Grants a lease to a neighbor before we are a member ourselves: it has taken us into its leaf set, and its keys shall not
   * wait until we are done. What it promised others binds us already, for we may be active before it speaks again.
   */
  grant(now: Millis, to: NodeHandle, request: HeartbeatMessage): void {
    const { leases, pace, send } = this.#context;
    const leaseMs = pace.leaseMs(now);
    leases.issue(now, to, now + leaseMs);
    this.#adopt(now, to, request);
    const failureRate = pace.failureRate(now);
    send(to, { type: 'heartbeat', sentAt: now, leaseMs, grants: request.sentAt, urgent: false, ...(failureRate === undefined ? {} : { failureRate }), digest: 0, failed: [], leaves: [], running: leases.running(now, this.#context.tables.leafSet, to.id) });
  }

  state(now: Millis): Json {
    return {
      beating: this.#beating,
      partners: this.#partners.map((partner) => ({
        peer: handleState(partner.handle),
        granted: partner.granted,
        sinceMs: partner.since - now,
        beatMs: partner.beatAt - now,
        missedMs: partner.missedAt - now,
        promised: partner.promised === undefined ? null : { sentMs: partner.promised.sentAt - now, leaseMs: partner.promised.leaseMs },
        periodMs: partner.periodMs ?? null,
        failureRate: partner.failureRate ?? null,
        sentMs: partner.sentAt.map((at) => at - now),
        news: partner.news.state(now),
        disagreed: partner.disagreed,
        missing: partner.missing.map(handleState),
      })),
    };
  }

  #neighbors(): readonly NodeHandle[] {
    const { left, right } = this.#context.tables.leafSet;
    if (left === undefined || right === undefined) return [];
    return left.id === right.id ? [right] : [right, left];
  }

  #beat(now: Millis, partner: Partner): void {
    const { config, leases, pace, rng, send, tables } = this.#context;
    const { leafSet } = tables;
    const periodMs = this.#periodMs(now, partner);
    partner.beatAt = now + jittered(periodMs, rng);
    partner.sentAt.push(now);
    if (partner.sentAt.length > SENT_MAX) partner.sentAt.shift();
    const urgent = !partner.granted || leases.heldUntil(partner.handle.id) < now + URGENT_SHARE * periodMs;
    const { promised } = partner;
    const failed = partner.news.take(now);
    const failureRate = pace.failureRate(now);
    send(partner.handle, {
      type: 'heartbeat',
      sentAt: now,
      leaseMs: promised?.leaseMs ?? pace.leaseMs(now),
      ...(promised === undefined ? {} : { grants: promised.sentAt }),
      urgent,
      ...(failureRate === undefined ? {} : { failureRate }),
      digest: halfDigest(halfOf(leafSet, leafSet.isAbove(partner.handle.id), config.leafSetSize / 2)),
      failed,
      leaves: this.#leavesFor(partner, failed.length),
      running: leases.running(now, leafSet, partner.handle.id),
    });
  }

  // The promise counts from here, which is later than the holder counts from, and before anything is granted.
  #promise(now: Millis, partner: Partner, sentAt: Millis): void {
    const { leases, pace } = this.#context;
    const leaseMs = pace.leaseMs(now);
    partner.promised = { sentAt, leaseMs };
    leases.issue(now, partner.handle, now + leaseMs);
  }

  // What it lacks, or beside deaths what it will lack; the latter only downward, so that of the two who become leaves of
  // each other one begins: the lower one.
  #leavesFor(partner: Partner, deaths: number): readonly NodeHandle[] {
    const { config, tables } = this.#context;
    const { leafSet } = tables;
    if (partner.disagreed >= DISAGREED_MIN) {
      partner.disagreed = 0;
      return partner.missing;
    }
    if (deaths === 0 || leafSet.isAbove(partner.handle.id)) return [];
    return halfOf(leafSet, true, config.leafSetSize / 2).slice(-Math.min(SUCCESSORS_MAX, deaths + 1));
  }

  // Keys of the silent are nobody's until their leases have run out; we may be the one to take them over without ever
  // having granted such a lease.
  #adopt(now: Millis, from: NodeHandle, { running }: HeartbeatMessage): void {
    const { leases, self, tables } = this.#context;
    for (const lease of running) if (lease.id !== self.id) leases.adopt(now, lease, from.id, tables.leafSet);
  }

  // Compares its half towards us with ourselves and our half beyond.
  #compare(partner: Partner, told: number): void {
    const { config, self, tables } = this.#context;
    const { leafSet } = tables;
    const half = config.leafSetSize / 2;
    const beyond = halfOf(leafSet, !leafSet.isAbove(partner.handle.id), half);
    const differs = leafSet.isFull && differsAt({ told, self: self.id, beyond, half });
    partner.missing = differs ? missingAt({ told, self: self.id, beyond, half }) : [];
    partner.disagreed = differs ? partner.disagreed + 1 : 0;
  }

  // A newcomer that has just spoken to a member will not own the member's keys for a while: it needs a lease from the member
  // first. So it does not keep its neighbors from delivering. A node that is itself not active yet waits for true leases:
  // whoever speaks to it may have heard of it only, and own its keys still. What is promised here lasts no longer than what
  // the other may count on by that: if it is dead, as many may be one after another, its keys shall not wait a whole lease.
  #welcome(now: Millis, handle: NodeHandle): Partner {
    const { leases, pace, peers, phase } = this.#context;
    leases.issue(now, handle, now + pace.leaseMinMs);
    if (phase === 'active' && peers.heardAt(handle.id) === now) leases.hold(handle.id, now + FIRST_CONTACT_SHARE * pace.leaseMinMs);
    const partner: Partner = {
      handle,
      granted: false,
      since: now,
      missedAt: Infinity,
      beatAt: now,
      promised: undefined,
      periodMs: undefined,
      failureRate: undefined,
      sentAt: [],
      news: new RingNews(),
      disagreed: 0,
      missing: [],
    };
    // It is asked for a lease at once, so it can be heard soon. In a hurry it may well be dead already: it is probed beside.
    const isLongSilent = now - (peers.heardAt(handle.id) ?? -Infinity) > pace.heartbeatMs(now);
    const answerMs = pace.isHurried(now) && isLongSilent ? AT_ONCE_MS : FIRST_ANSWERS_MAX * peers.timeoutMs(handle.id);
    partner.missedAt = now + Math.min(this.#missAfterMs(now, partner), answerMs);
    return partner;
  }

  // A lease that would run out before the next beat is asked for again, and again.
  #askAgainAt(partner: Partner): Millis {
    const { config, leases, pace } = this.#context;
    const lastSentAt = partner.sentAt[partner.sentAt.length - 1] ?? -Infinity;
    const retryMs = Math.min(config.leaseRetryMs, pace.leaseMinMs / 4);
    return Math.max(leases.heldUntil(partner.handle.id) - retryMs, lastSentAt + retryMs);
  }

  // Of two neighbors the quicker one sets the pace.
  #periodMs(now: Millis, partner: Partner): Millis {
    const ownMs = this.#context.pace.heartbeatMs(now);
    return partner.periodMs === undefined ? ownMs : Math.min(ownMs, partner.periodMs);
  }

  // The slower of both paces: it may not have heard from us yet that there is a quicker one.
  #missAfterMs(now: Millis, partner: Partner): Millis {
    const { pace } = this.#context;
    const periodMs = Math.max(pace.heartbeatMs(now), partner.periodMs ?? 0);
    return 1.1 * periodMs + pace.graceMs(periodMs);
  }
}

const FIRST_CONTACT_SHARE = 0.4;
/** Timeouts that a new neighbor has for its first heartbeat. */
const FIRST_ANSWERS_MAX = 3;
/** As soon as a tick comes. */
const AT_ONCE_MS: Millis = 1;
