// The list of live supernodes: soft state. A restart forgets it, and every node enters itself again with its next heartbeat.
import type { Id } from '@banyan/ids';

/** What the directory knows of a node. `Node` is whatever describes it to others. */
export interface Supernode<Node> {
  readonly id: Id;
  /** Which life of the node. */
  readonly incarnation: bigint;
  readonly region: string;
  readonly node: Node;
  /** How busy it said it is, from 0 to 1. */
  readonly load: number;
  /** True when it delivers keys. */
  readonly ready: boolean;
  /** When it last gave a sign, ms on the directory's clock. */
  readonly signAt: number;
}

/** A node as it enters. */
export type Newcomer<Node> = Pick<Supernode<Node>, 'id' | 'incarnation' | 'region' | 'node' | 'load'>;

/** A sign of life. */
export type Heartbeat = Pick<Supernode<unknown>, 'id' | 'incarnation' | 'load' | 'ready'>;

/** What is asked of the list. */
export interface ListQuery {
  /** This region first; empty for none. */
  readonly region: string;
  readonly limit: number;
  /** Nodes that do not deliver keys yet, too. */
  readonly includeJoining: boolean;
}

/** Entries kept at most. At the bound the one without a sign for longest goes: the others are better to join through. */
export const SUPERNODES_MAX = 10_000;
/** Entries told at most. */
export const LISTED_MAX = 200;

/** Who is there, for as long as they say so. Pure: it is told the time, ms on a clock that never goes back. */
export class SupernodeDirectory<Node> {
  readonly #entries = new Map<Id, Supernode<Node>>(); // insertion order = order of last signs
  #expired = 0;

  constructor(
    /** An entry is dropped when no sign comes for so long, ms. */
    readonly leaseMs: number,
    private readonly entriesMax: number = SUPERNODES_MAX,
  ) {}

  get size(): number {
    return this.#entries.size;
  }

  /** How many leases ran out so far. */
  get expired(): number {
    return this.#expired;
  }

  /** Live nodes that deliver keys, and those that do not yet. */
  count(now: number): { readonly ready: number; readonly joining: number } {
    this.#expire(now);
    const ready = [...this.#entries.values()].filter((entry) => entry.ready).length;
    return { ready, joining: this.#entries.size - ready };
  }

  /** Enters a node, not ready until a heartbeat says so. False: a later life of it is entered already. */
  register(newcomer: Newcomer<Node>, now: number): boolean {
    this.#expire(now);
    const known = this.#entries.get(newcomer.id);
    if (known !== undefined && known.incarnation > newcomer.incarnation) return false;
    const ready = known?.incarnation === newcomer.incarnation && known.ready;
    this.#put({ ...newcomer, ready, signAt: now });
    return true;
  }

  /** Prolongs a lease. False: this life of the node is not entered, or its lease ran out. */
  heartbeat(heartbeat: Heartbeat, now: number): boolean {
    this.#expire(now);
    const known = this.#entries.get(heartbeat.id);
    if (known?.incarnation !== heartbeat.incarnation) return false;
    this.#put({ ...known, load: heartbeat.load, ready: heartbeat.ready, signAt: now });
    return true;
  }

  /** Takes a node off the list; taking off nobody is no error. */
  deregister(id: Id): void {
    this.#entries.delete(id);
  }

  /**
   * Live nodes, best first: those of the region before others, then by freshness in thirds of the lease, then the
   * least loaded, then the freshest. O(n log n) of at most 10,000.
   */
  list(query: ListQuery, now: number): readonly Supernode<Node>[] {
    this.#expire(now);
    const eligible = [...this.#entries.values()].filter((entry) => entry.ready || query.includeJoining);
    return eligible.toSorted((a, b) => this.#compare(query.region, a, b, now)).slice(0, Math.min(query.limit, LISTED_MAX));
  }

  #compare(region: string, a: Supernode<Node>, b: Supernode<Node>, now: number): number {
    const isHere = (entry: Supernode<Node>): number => (region !== '' && entry.region === region ? 0 : 1);
    const staleness = (entry: Supernode<Node>): number => Math.floor((3 * (now - entry.signAt)) / this.leaseMs);
    return isHere(a) - isHere(b) || staleness(a) - staleness(b) || a.load - b.load || b.signAt - a.signAt;
  }

  #put(entry: Supernode<Node>): void {
    this.#entries.delete(entry.id);
    if (this.#entries.size >= this.entriesMax) this.#dropOldest();
    this.#entries.set(entry.id, entry);
  }

  #dropOldest(): void {
    for (const id of this.#entries.keys()) {
      this.#entries.delete(id);
      return;
    }
  }

  #expire(now: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.signAt + this.leaseMs > now) return;
      this.#entries.delete(entry.id);
      this.#expired += 1;
    }
  }
}
