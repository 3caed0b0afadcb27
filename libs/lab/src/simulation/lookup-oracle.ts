import type { Id } from '@banyan/ids';
import type { Millis } from '@banyan/sansio';
import type { Host } from '@banyan/simulator';
import type { RingOracle } from './ring-oracle.ts';

/** A delivery after this long counts as late; it is not wrong. */
export const LATE_MS: Millis = 3_000;

/** How all lookups of a run ended. Every lookup is exactly one of `delivered`, `lost` and `lostWithNode`. */
export type LookupVerdict = {
  readonly lookups: number;
  readonly delivered: number;
  /** Never delivered, though no node died that had it in its care. */
  readonly lost: number;
  /** Never delivered; a node died that had taken it into its care and not yet handed it on. */
  readonly lostWithNode: number;
  /** Delivered at a node that was not the live root at that instant. */
  readonly incorrect: number;
  /** Delivered again though the node that had it first is root of the key still. */
  readonly duplicate: number;
  /** Delivered again by another root: the first died, stepped back, or gave the key up to a node that joined nearer to it. */
  readonly duplicateAfterChange: number;
  /** Delivered, first, after more than 3 s. */
  readonly late: number;
};

/** One lookup that arrived, for statistics. */
export interface Arrival {
  readonly from: Host;
  readonly at: Host;
  readonly hops: number;
  readonly delayMs: Millis;
}

interface Lookup {
  readonly key: Id;
  readonly from: Host;
  readonly sentAt: Millis;
  /** Hosts that ever held it. A copy that comes to one of them again is dropped there. */
  readonly takers: Set<Host>;
  /** Hosts that took it and were not relieved of it by the next one's acknowledgement. */
  readonly holders: Set<Host>;
  diedWithHolder: boolean;
  /** Where it was delivered first; undefined before. */
  firstRoot: Host | undefined;
  firstRootGone: boolean;
}

/** Judges every delivery by the true ring at its instant. Lookups are known by numbers the experiment chooses. */
export class LookupOracle {
  readonly #ring: RingOracle;
  readonly #idOf: (host: Host) => Id;
  readonly #lookups = new Map<number, Lookup>();
  readonly #arrivals: Arrival[] = [];
  /** Sentences about what went wrong, the first few. */
  readonly complaints: string[] = [];
  #incorrect = 0;
  #duplicate = 0;
  #duplicateAfterChange = 0;
  #late = 0;

  constructor({ ring, idOf }: { readonly ring: RingOracle; readonly idOf: (host: Host) => Id }) {
    this.#ring = ring;
    this.#idOf = idOf;
  }

  sent(number: number, { from, key, now }: { readonly from: Host; readonly key: Id; readonly now: Millis }): void {
    this.#lookups.set(number, {
      key,
      from,
      sentAt: now,
      takers: new Set([from]),
      holders: new Set([from]),
      diedWithHolder: false,
      firstRoot: undefined,
      firstRootGone: false,
    });
  }

  /** A node received it from the hop before. */
  taken(number: number, by: Host): void {
    const lookup = this.#lookups.get(number);
    if (lookup === undefined || lookup.takers.has(by)) return;
    lookup.takers.add(by);
    lookup.holders.add(by);
  }

  /** The next hop acknowledged it. */
  handedOn(number: number, by: Host): void {
    this.#lookups.get(number)?.holders.delete(by);
  }

  arrived(number: number, { at, hops, now }: { readonly at: Host; readonly hops: number; readonly now: Millis }): void {
    const lookup = this.#lookups.get(number);
    if (lookup === undefined) return;
    const root = this.#ring.rootOf(lookup.key);
    if (root !== this.#idOf(at)) {
      this.#incorrect += 1;
      this.#complain(`lookup ${number} of ${lookup.key} was delivered at ${this.#idOf(at)}, the root was ${root ?? 'nobody'} (${now} ms)`);
    }
    if (lookup.firstRoot !== undefined) {
      this.#arrivedAgain(number, lookup, { at, root, now });
      return;
    }
    lookup.firstRoot = at;
    const delayMs = now - lookup.sentAt;
    if (delayMs > LATE_MS) this.#late += 1;
    this.#arrivals.push({ from: lookup.from, at, hops, delayMs });
  }

  /** A life ended: what it had in its care is gone. */
  died(host: Host): void {
    for (const lookup of this.#lookups.values()) {
      if (lookup.holders.delete(host)) lookup.diedWithHolder = true;
      lookup.takers.delete(host);
      if (lookup.firstRoot === host) lookup.firstRootGone = true;
    }
  }

  /** A node stepped back from the ring: it holds on to what it has, but is root of nothing. */
  steppedBack(host: Host): void {
    for (const lookup of this.#lookups.values()) if (lookup.firstRoot === host) lookup.firstRootGone = true;
  }

  arrivals(): readonly Arrival[] {
    return this.#arrivals;
  }

  /** Lookups that were sent and neither arrived nor died with a node. */
  get open(): number {
    let open = 0;
    for (const { firstRoot, holders } of this.#lookups.values()) if (firstRoot === undefined && holders.size > 0) open += 1;
    return open;
  }

  verdict(): LookupVerdict {
    let lost = 0;
    let lostWithNode = 0;
    for (const [number, { firstRoot, diedWithHolder, key, from, sentAt, holders }] of this.#lookups) {
      if (firstRoot !== undefined) continue;
      if (diedWithHolder) {
        lostWithNode += 1;
        continue;
      }
      lost += 1;
      this.#complain(`lookup ${number} of ${key}, sent by host ${from} at ${sentAt} ms, is held by ${holders.size === 0 ? 'nobody' : `hosts ${[...holders].join(', ')}`}`);
    }
    return {
      lookups: this.#lookups.size,
      delivered: this.#arrivals.length,
      lost,
      lostWithNode,
      incorrect: this.#incorrect,
      duplicate: this.#duplicate,
      duplicateAfterChange: this.#duplicateAfterChange,
      late: this.#late,
    };
  }

  #arrivedAgain(number: number, lookup: Lookup, { at, root, now }: { readonly at: Host; readonly root: Id | undefined; readonly now: Millis }): void {
    const isRootStill = at === lookup.firstRoot || root === this.#idOf(lookup.firstRoot ?? at);
    if (lookup.firstRootGone || !isRootStill) {
      this.#duplicateAfterChange += 1;
      return;
    }
    this.#duplicate += 1;
    this.#complain(`lookup ${number} of ${lookup.key} was delivered twice though its first root, host ${lookup.firstRoot ?? -1}, is root still (${now} ms)`);
  }

  #complain(sentence: string): void {
    if (this.complaints.length < COMPLAINTS_MAX) this.complaints.push(sentence);
  }
}

const COMPLAINTS_MAX = 20;
