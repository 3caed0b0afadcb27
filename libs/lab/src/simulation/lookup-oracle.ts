import type { Id } from '@banyan/ids';
import type { Millis } from '@banyan/sansio';
import type { Host } from '@banyan/simulator';

/** A delivery after this long counts as late; it is not wrong. */
export const LATE_MS: Millis = 3_000;

/** How all lookups of a run ended. Every lookup is exactly one of `delivered`, `lost` and `lostWithNode`. */
export type LookupVerdict = {
  readonly lookups: number;
  readonly delivered: number;
  /** Never delivered, though no node died that had it in its care. */
  readonly lost: number;
  /** Never delivered; a node died that had just taken it into its care and not yet handed it on. */
  readonly lostWithNode: number;
  /** Of these: the node that died is the one that asked. */
  readonly lostWithSender: number;
  /** Delivered at a node that was not the live root at that instant. */
  readonly incorrect: number;
  /** Delivered again though the node that had it first is root of the key still. */
  readonly duplicate: number;
  /** Delivered again by another root: the first died, stepped back, or gave the key up to a node that joined nearer to it. */
  readonly duplicateAfterChange: number;
  /** Delivered, first, after more than 3 s. */
  readonly late: number;
};

/** One lookup that arrived for the first time, for statistics. */
export interface Arrival {
  readonly from: Host;
  readonly at: Host;
  readonly hops: number;
  readonly delayMs: Millis;
}

/** An arrival as the oracle saw it. */
export interface JudgedArrival extends Arrival {
  /** It was the live ready root that took it. */
  readonly isCorrect: boolean;
}

/** Who may deliver a key at this instant: the root of the one ring, or while the world is split the root of each side. */
export interface Judge {
  rootOf(key: Id): Id | undefined;
  isRoot(node: Id, key: Id): boolean;
}

export interface LookupOracleOptions {
  readonly ring: Judge;
  readonly idOf: (host: Host) => Id;
  /** Told of every first delivery; the oracle keeps none. */
  readonly arrived: (arrival: JudgedArrival) => void;
}

/** What a node has in its care for so long it has given up meanwhile: hop delivery parks 45 s after trying 30 s. */
const CARE_MS: Millis = 90_000;
/** A lookup sent so long ago is forgotten unless a live node still has it: repeated deliveries come within seconds. */
const REMEMBERED_MS: Millis = 600_000;
const COMPLAINTS_MAX = 20;

interface Lookup {
  readonly number: number;
  readonly key: Id;
  readonly from: Host;
  readonly sentAt: Millis;
  /** Hosts that ever held it. */
  readonly takers: Set<Host>;
  /** The hops by which it was taken, with who took it: a hop that is repeated is acknowledged and dropped. */
  readonly hops: Set<string>;
  /** Hosts that took it and were not relieved of it by the next one's acknowledgement, and since when. */
  readonly holders: Map<Host, Millis>;
  diedWith: 'nobody' | 'sender' | 'node';
  /** Where it was delivered first; undefined before. */
  firstRoot: Host | undefined;
  firstRootGone: boolean;
  isComplainedOf: boolean;
}

interface Undelivered {
  lost: number;
  lostWithNode: number;
  lostWithSender: number;
}

/**
 * Judges every delivery by the true ring at its instant. Lookups are known by numbers the experiment chooses. What is
 * settled for ten minutes is counted and forgotten, so a run of any length takes the same memory.
 */
export class LookupOracle {
  readonly #options: LookupOracleOptions;
  /** In the order they were sent. */
  readonly #lookups = new Map<number, Lookup>();
  /** Sent long ago and still in the care of a live node that neither delivers it nor dies. */
  readonly #stuck = new Map<number, Lookup>();
  /** The lookups that each host ever held. */
  readonly #atHost = new Map<Host, Set<Lookup>>();
  /** Sentences about what went wrong, the first few. */
  readonly complaints: string[] = [];
  #sent = 0;
  #delivered = 0;
  /** Of the lookups that are forgotten. */
  readonly #undelivered: Undelivered = { lost: 0, lostWithNode: 0, lostWithSender: 0 };
  #incorrect = 0;
  #duplicate = 0;
  #duplicateAfterChange = 0;
  #late = 0;

  constructor(options: LookupOracleOptions) {
    this.#options = options;
  }

  sent(number: number, { from, key, now }: { readonly from: Host; readonly key: Id; readonly now: Millis }): void {
    this.#settleOld(now);
    const lookup: Lookup = {
      number,
      key,
      from,
      sentAt: now,
      takers: new Set(),
      hops: new Set(),
      holders: new Map(),
      diedWith: 'nobody',
      firstRoot: undefined,
      firstRootGone: false,
      isComplainedOf: false,
    };
    this.#lookups.set(number, lookup);
    this.#sent += 1;
    this.#take(lookup, from, now);
  }

  /** A node acknowledged it to the hop before, which is known by a name of its own: from there it may come again by another hop. */
  taken(number: number, { by, hop, now }: { readonly by: Host; readonly hop: string; readonly now: Millis }): void {
    const lookup = this.#find(number);
    const name = `${by} ${hop}`;
    if (lookup === undefined || lookup.hops.has(name)) return;
    lookup.hops.add(name);
    this.#take(lookup, by, now);
  }

  /** The next hop acknowledged it. */
  handedOn(number: number, by: Host): void {
    this.#find(number)?.holders.delete(by);
  }

  arrived(number: number, { at, hops, now }: { readonly at: Host; readonly hops: number; readonly now: Millis }): void {
    const lookup = this.#find(number);
    if (lookup === undefined) return;
    const { ring, idOf } = this.#options;
    const isCorrect = ring.isRoot(idOf(at), lookup.key);
    if (!isCorrect) {
      this.#incorrect += 1;
      this.#complain(`lookup ${number} of ${lookup.key} was delivered at ${idOf(at)}, the root was ${ring.rootOf(lookup.key) ?? 'nobody'} (${now} ms)`);
    }
    if (lookup.firstRoot !== undefined) {
      this.#arrivedAgain(lookup, { at, firstRoot: lookup.firstRoot, now });
      return;
    }
    lookup.firstRoot = at;
    this.#delivered += 1;
    const delayMs = now - lookup.sentAt;
    if (delayMs > LATE_MS) this.#late += 1;
    this.#options.arrived({ from: lookup.from, at, hops, delayMs, isCorrect });
  }

  /** A life ended: what it had in its care is gone. */
  died(host: Host, now: Millis): void {
    for (const lookup of this.#atHost.get(host) ?? []) {
      const since = lookup.holders.get(host);
      lookup.holders.delete(host);
      lookup.takers.delete(host);
      if (since !== undefined && now - since < CARE_MS) lookup.diedWith = host === lookup.from ? 'sender' : 'node';
      if (lookup.firstRoot === host) lookup.firstRootGone = true;
    }
    this.#atHost.delete(host);
  }

  /** A life ended on purpose, after it had handed on all it had: what never arrives in spite of it is lost. */
  ended(host: Host): void {
    for (const lookup of this.#atHost.get(host) ?? []) {
      lookup.takers.delete(host);
      if (lookup.firstRoot === host) lookup.firstRootGone = true;
    }
    this.#atHost.delete(host);
  }

  /** A node stepped back from the ring: it holds on to what it has, but is root of nothing. */
  steppedBack(host: Host): void {
    for (const lookup of this.#atHost.get(host) ?? []) if (lookup.firstRoot === host) lookup.firstRootGone = true;
  }

  /** First deliveries so far. */
  get delivered(): number {
    return this.#delivered;
  }

  /** Lookups that were sent and neither arrived nor died with a node. */
  get open(): number {
    let open = 0;
    for (const { firstRoot, holders } of this.#remembered()) if (firstRoot === undefined && holders.size > 0) open += 1;
    return open;
  }

  /** How all lookups ended, were this the end: what is still under way counts as lost. */
  verdict(): LookupVerdict {
    const undelivered = { ...this.#undelivered };
    for (const lookup of this.#remembered()) this.#countUndelivered(undelivered, lookup);
    return {
      lookups: this.#sent,
      delivered: this.#delivered,
      ...undelivered,
      incorrect: this.#incorrect,
      duplicate: this.#duplicate,
      duplicateAfterChange: this.#duplicateAfterChange,
      late: this.#late,
    };
  }

  #find(number: number): Lookup | undefined {
    return this.#lookups.get(number) ?? this.#stuck.get(number);
  }

  *#remembered(): Iterable<Lookup> {
    yield* this.#stuck.values();
    yield* this.#lookups.values();
  }

  #take(lookup: Lookup, by: Host, now: Millis): void {
    lookup.takers.add(by);
    lookup.holders.set(by, now);
    const ofHost = this.#atHost.get(by);
    if (ofHost === undefined) this.#atHost.set(by, new Set([lookup]));
    else ofHost.add(lookup);
  }

  #settleOld(now: Millis): void {
    for (const lookup of this.#lookups.values()) {
      if (now - lookup.sentAt < REMEMBERED_MS) return;
      this.#lookups.delete(lookup.number);
      if (lookup.firstRoot === undefined && lookup.holders.size > 0) this.#stuck.set(lookup.number, lookup);
      else this.#settle(lookup);
    }
  }

  #settle(lookup: Lookup): void {
    this.#countUndelivered(this.#undelivered, lookup);
    for (const host of lookup.takers) this.#atHost.get(host)?.delete(lookup);
  }

  #countUndelivered(counts: Undelivered, lookup: Lookup): void {
    if (lookup.firstRoot !== undefined) return;
    if (lookup.diedWith === 'nobody') {
      counts.lost += 1;
      this.#complainOnce(lookup);
      return;
    }
    counts.lostWithNode += 1;
    if (lookup.diedWith === 'sender') counts.lostWithSender += 1;
  }

  #complainOnce(lookup: Lookup): void {
    if (lookup.isComplainedOf) return;
    lookup.isComplainedOf = true;
    const { number, key, from, sentAt, holders } = lookup;
    this.#complain(`lookup ${number} of ${key}, sent by host ${from} at ${sentAt} ms, is held by ${holders.size === 0 ? 'nobody' : `hosts ${[...holders.keys()].join(', ')}`}`);
  }

  #arrivedAgain(lookup: Lookup, { at, firstRoot, now }: { readonly at: Host; readonly firstRoot: Host; readonly now: Millis }): void {
    const { ring, idOf } = this.#options;
    const isRootStill = at === firstRoot || (ring.isRoot(idOf(firstRoot), lookup.key) && !ring.isRoot(idOf(at), lookup.key));
    if (lookup.firstRootGone || !isRootStill) {
      this.#duplicateAfterChange += 1;
      return;
    }
    this.#duplicate += 1;
    this.#complain(`lookup ${lookup.number} of ${lookup.key} was delivered twice though its first root, host ${firstRoot}, is root still (${now} ms)`);
  }

  #complain(sentence: string): void {
    if (this.complaints.length < COMPLAINTS_MAX) this.complaints.push(sentence);
  }
}
