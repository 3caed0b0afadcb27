import { compareClockwise, compareDistance, type Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Bound, Json, Millis } from '@banyan/sansio';
import type { FailedLife } from '@banyan/peers';
import type { LeafSet } from './leaf-set.ts';
import type { RunningLease } from './messages.ts';

interface IssuedLease {
  readonly incarnation: number;
  /** By whomever it was granted. */
  readonly until: Millis;
  /** By ourselves; -Infinity: others told us of it only. */
  readonly ownUntil: Millis;
  /** The issuer, where we stand between it and the holder: the two were ring neighbors, and what lies between was theirs to divide. */
  readonly across: Id | undefined;
}

/** A promise is kept so much longer, as a share: the holder's clock may lose one second in a hundred and ours gain one. */
const CLOCK_ERROR_SHARE = 0.025;
/** Promises kept at once; two ring neighbors at a time, and those who were neighbors within one lease. */
const ISSUED_MAX = 64;

/** Until when our own promise to this life runs. */
function ownUntilOf(lease: IssuedLease | undefined, incarnation: number): Millis {
  return lease?.incarnation === incarnation ? lease.ownUntil : -Infinity;
}

/**
 * Who may deliver keys. A node delivers only while it holds a lease from both ring neighbors; whoever issued a lease does
 * not take over the holder's keys before it has run out, even if it believes the holder dead.
 * Only durations count: the holder counts from when it asked, the issuer from when it granted and a little longer, for two
 * clocks do not run alike; so the holder stops first.
 * Source: Haeberlen et al. TR05-456; FreePastry (`ConsistentJoinProtocol`, `LeaseManager`).
 */
export class Leases {
  readonly #held = new Map<Id, Millis>();
  readonly #issued = new Map<Id, IssuedLease>();

  /** Takes note of a lease from `issuer`; a longer one stands. */
  hold(issuer: Id, until: Millis): void {
    if (until > this.heldUntil(issuer)) this.#held.set(issuer, until);
  }

  /** When the lease of this issuer runs out; -Infinity when there never was one. */
  heldUntil(issuer: Id): Millis {
    return this.#held.get(issuer) ?? -Infinity;
  }

  /** Gives up every lease held: the node was stalled, or leaves. */
  dropHeld(): void {
    this.#held.clear();
  }

  /** Keeps only leases of these issuers; those of former neighbors mean nothing any more. */
  keepHeldOf(issuers: readonly NodeHandle[]): void {
    for (const id of this.#held.keys()) {
      if (!issuers.some((issuer) => issuer.id === id)) this.#held.delete(id);
    }
  }

  /** Promises not to take over the holder's keys until the holder's clock, too, is past that time. */
  issue(now: Millis, holder: NodeHandle, untilMs: Millis): void {
    const ownUntil = untilMs + CLOCK_ERROR_SHARE * (untilMs - now);
    this.#keep(now, holder, { until: ownUntil, ownUntil, across: undefined });
  }

  /**
   * Keeps a promise that another gave and told us of: where its holder is silent, we may be the one who would take over
   * its keys, although we never were its neighbor, or for a moment only. While it runs, being told again prolongs it only when its
   * issuer itself tells, or for a leaf of ours, of which we tell nobody unless it is next to us: else it would run on for ever
   * between two who tell each other. An issuer (`from`, a ring neighbor of ours) that tells of its lease
   * to a life on our other side has taken that life for its neighbor: until the lease is over, the holder may deliver keys of ours, unless it has
   * had a later one of us and so knows us.
   */
  adopt(now: Millis, { id, incarnation, forMs, own }: RunningLease, from: Id, leafSet: LeafSet): void {
    const present = this.#issued.get(id);
    if (present !== undefined && present.incarnation > incarnation) return;
    const isTold = present !== undefined && present.incarnation === incarnation && present.until > Math.max(now, present.ownUntil);
    if (isTold && !own && !leafSet.has(id)) return;
    const until = now + forMs;
    const isAcross = own && leafSet.isAbove(from) !== leafSet.isAbove(id) && until > ownUntilOf(present, incarnation);
    const across = isAcross ? from : present?.incarnation === incarnation ? present.across : undefined;
    this.#keep(now, { id, incarnation }, { until, ownUntil: -Infinity, across });
  }

  /**
   * Promises that a ring neighbor is to know, for it may be next to their holders when we are gone: those to our other neighbor,
   * which may fall silent just before us; our own to lives that are no neighbors now, be they leaves still (whoever came between
   * may find them silent); and those of others to lives that are no leaves.
   */
  running(now: Millis, leafSet: LeafSet, to: Id): readonly RunningLease[] {
    const running: RunningLease[] = [];
    for (const [id, { incarnation, until, ownUntil }] of this.#issued) {
      if (id === to) continue;
      if (ownUntil > now) running.push({ id, incarnation, forMs: Math.ceil(ownUntil - now), own: true });
      const isTold = leafSet.isNeighbor(id) || !leafSet.has(id);
      if (until > Math.max(now, ownUntil) && isTold) running.push({ id, incarnation, forMs: Math.ceil(until - now), own: false });
    }
    return running;
  }

  #keep(now: Millis, holder: FailedLife, promise: Omit<IssuedLease, 'incarnation'>): void {
    const known = this.#issued.get(holder.id);
    const present = known?.incarnation === holder.incarnation ? known : undefined;
    const until = Math.max(promise.until, present?.until ?? -Infinity);
    const ownUntil = Math.max(promise.ownUntil, present?.ownUntil ?? -Infinity);
    const { across } = promise;
    if (present !== undefined && until === present.until && ownUntil === present.ownUntil && across === present.across) return;
    this.#issued.delete(holder.id);
    this.#issued.set(holder.id, { incarnation: holder.incarnation, until, ownUntil, across });
    for (const [id, lease] of this.#issued) {
      if (lease.until > now && this.#issued.size <= ISSUED_MAX) break;
      this.#issued.delete(id);
    }
  }

  /** The holder gave its lease back: it left, or a new life of it has begun. */
  release(holder: Id): void {
    this.#issued.delete(holder);
  }

  /**
   * True while a promised lease of a node that is no leaf keeps `key` from us: the key is nearer to its holder than to us, or,
   * where we came between the holder and its issuer, nearer to the holder than to the issuer. The latter where the holder
   * stands among our leaves, and thus would be one if it were not silent and did not know us.
   */
  blocks(now: Millis, key: Id, leafSet: LeafSet): boolean {
    for (const [id, { until, across }] of this.#issued) {
      if (until <= now || leafSet.has(id)) continue;
      if (compareDistance(key, id, leafSet.self) < 0) return true;
      if (across === undefined || compareDistance(key, id, across) >= 0 || !leafSet.admits(id)) continue;
      const [from, to] = leafSet.isAbove(across) ? [id, across] : [across, id];
      if (compareClockwise(from, key, to) < 0) return true;
    }
    return false;
  }

  /**
   * True while a life that is no leaf holds a lease and stands between us and a ring neighbor: it may be alive, silent for us only,
   * and own keys of ours as long as it does not know us. `isOver` tells of those believed to be dead: where many die, nobody would
   * ever be ready who waited for the leases of all of them; of their keys those that a lease is known to cover are left alone.
   */
  hidesNeighbor(now: Millis, leafSet: LeafSet, isOver: (life: FailedLife) => boolean): boolean {
    const { left, right, self } = leafSet;
    if (left === undefined || right === undefined) return false;
    for (const [id, { incarnation, until }] of this.#issued) {
      const isNearer = compareClockwise(self, id, right.id) < 0 || compareClockwise(self, left.id, id) < 0;
      if (isNearer && until > now && !leafSet.has(id) && !isOver({ id, incarnation })) return true;
    }
    return false;
  }

  /** Promises kept, and how many may be. */
  bound(): Bound {
    return { name: 'leases issued', size: this.#issued.size, limit: ISSUED_MAX };
  }

  state(now: Millis): Json {
    return {
      held: [...this.#held].map(([id, until]) => ({ from: id, forMs: until - now })),
      issued: [...this.#issued].map(([id, lease]) => ({ to: `${id}@${lease.incarnation}`, forMs: lease.until - now, ownMs: lease.ownUntil === -Infinity ? null : lease.ownUntil - now })),
    };
  }
}
