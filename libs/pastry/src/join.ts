import { handleState, type NodeHandle } from '@banyan/kbr';
import type { Json, Millis } from '@banyan/sansio';
import { jittered, type NodeContext } from './context.ts';
import type { Heartbeats } from './heartbeats.ts';
import type { LeafProbing } from './leaf-probing.ts';
import { placeAt } from './located.ts';
import type { JoinMessage, Located } from './messages.ts';
import { NearestSearch } from './nearest-search.ts';

export interface JoinDeps {
  readonly context: NodeContext;
  readonly leafProbing: LeafProbing;
  readonly heartbeats: Heartbeats;
  /** Moves the node to another phase of its life. */
  readonly enter: (now: Millis, phase: NodeContext['phase']) => void;
}

/**
 * The joiner's side: find the nearest node, ask through it for the root of our own id, hear our leaves, enter among the
 * nearest of them, obtain the leases of both ring neighbors, and only then be active. Until then nothing is delivered here.
 * Once it enters, its keys are nobody's, so everything that may take long, waiting for the dead above all, comes before.
 * Sources: Rowstron & Druschel 2001, §2.4; Castro, Costa, Rowstron 2004, §3.1 (consistent join); Lu 2013 (one joiner at a time).
 */
export class Join {
  readonly search: NearestSearch;
  readonly #deps: JoinDeps;
  #seeds: readonly NodeHandle[] = [];
  #entrance: NodeHandle | undefined;
  /** The last node that the latest request is known to have come to, and the first row that it had still to be given. */
  #reached: { readonly node: NodeHandle; readonly hops: number; readonly row: number } | undefined;
  #attempt = 0;
  #triesHere = 0;
  #tryAgainAt = Infinity;

  constructor(deps: JoinDeps) {
    this.#deps = deps;
    this.search = new NearestSearch(deps.context);
  }

  /** Where this node entered, or would: also whom it tries when it has lost everyone. */
  get seeds(): readonly NodeHandle[] {
    return this.#seeds;
  }

  /** Takes note of nodes that are named to a member: whom it may look for when it has lost everyone, or never had anyone. */
  rememberSeeds(seeds: readonly NodeHandle[]): void {
    this.#seeds = seeds.filter((seed) => seed.id !== this.#deps.context.self.id);
  }

  /** Joins through these nodes; with none it is the first of a new ring. */
  start(now: Millis, seeds: readonly NodeHandle[]): void {
    this.rememberSeeds(seeds);
    this.#deps.context.note('join_started');
    if (this.#seeds.length > 0) return this.#look(now);
    this.#deps.enter(now, 'active');
    this.#deps.heartbeats.start(now);
  }

  /** Begins again from the leaves we know: for a node that was not scheduled so long that others may think it dead. */
  restart(now: Millis): void {
    const { enter, context, heartbeats, leafProbing } = this.#deps;
    const leaves = context.tables.leafSet.members;
    if (leaves.length === 0) return this.start(now, this.#seeds);
    heartbeats.stop();
    this.#tryAgainAt = Infinity;
    enter(now, 'probing');
    for (const leaf of leaves) leafProbing.probe(now, leaf);
  }

  stop(): void {
    this.search.stop();
    this.#tryAgainAt = Infinity;
  }

  next(): Millis {
    return Math.min(this.search.next(), this.#tryAgainAt);
  }

  tick(now: Millis): void {
    this.search.tick(now);
    if (now < this.#tryAgainAt) return;
    this.#tryAgainAt = Infinity;
    const { config, phase } = this.#deps.context;
    const isEntranceSilent = this.#reached === undefined && this.#triesHere >= SILENT_TRIES;
    if (phase === 'requesting' && this.#triesHere < config.joinTries && !isEntranceSilent) this.#request(now);
    else this.#look(now);
  }

  /** Goes on to the next phase when this one has all it waits for; called after every input. */
  settle(now: Millis): void {
    const { context, leafProbing, heartbeats, enter } = this.#deps;
    if (context.phase === 'searching' && this.search.done && this.#tryAgainAt === Infinity) this.#searched(now);
    if (context.phase === 'sounding' && leafProbing.isNearSettled) {
      if (context.tables.leafSet.size === 0) return this.#wait(now);
      enter(now, 'probing');
      leafProbing.enter(now);
    }
    if (context.phase === 'probing' && leafProbing.isNearSettled) {
      if (context.tables.leafSet.size === 0) return this.#wait(now);
      enter(now, 'leasing');
      heartbeats.start(now);
    }
    if (context.phase === 'leasing' && context.tables.leafSet.size === 0) return this.#wait(now);
    if (context.phase === 'leasing' && heartbeats.leased(now) && !this.#isNeighborHidden(now)) enter(now, 'active');
  }

  onRows(now: Millis, from: NodeHandle, message: Extract<JoinMessage, { type: 'joinRows' }>): void {
    const { phase } = this.#deps.context;
    if (phase === 'idle' || phase === 'left' || message.attempt > this.#attempt) return;
    if (phase === 'requesting' && message.attempt === this.#attempt && message.hops >= (this.#reached?.hops ?? 0)) {
      this.#reached = { node: from, hops: message.hops, row: message.row + message.rows.length };
    }
    for (const row of message.rows) this.#measure(now, row);
    this.#measureNeighbors(now, message.neighborhood);
  }

  onAccept(now: Millis, from: NodeHandle, message: Extract<JoinMessage, { type: 'joinAccept' }>): void {
    // An answer to an earlier attempt is as good: the lock is ours all the same.
    if (this.#deps.context.phase !== 'requesting' || message.attempt > this.#attempt) return;
    this.#tryAgainAt = Infinity;
    this.#deps.context.pace.entered(message.failureRate);
    this.#deps.enter(now, 'sounding');
    this.#deps.leafProbing.consider(now, [from, ...message.leaves]);
  }

  onBusy(now: Millis, message: Extract<JoinMessage, { type: 'joinBusy' }>): void {
    if (this.#deps.context.phase !== 'requesting' || message.attempt !== this.#attempt) return;
    this.#triesHere = 0;
    this.#tryAgainAt = now + message.retryAfterMs;
    this.#deps.context.note('join_busy');
  }

  state(now: Millis): Json {
    return {
      seeds: this.#seeds.map(handleState),
      attempt: this.#attempt,
      triesHere: this.#triesHere,
      reached: this.#reached === undefined ? null : { at: handleState(this.#reached.node), hops: this.#reached.hops, row: this.#reached.row },
      entrance: this.#entrance === undefined ? null : handleState(this.#entrance),
      tryAgainMs: this.#tryAgainAt === Infinity ? null : this.#tryAgainAt - now,
      search: this.search.state(now),
    };
  }

  #look(now: Millis): void {
    this.#deps.enter(now, 'searching');
    this.search.begin(now, this.#seeds);
  }

  #searched(now: Millis): void {
    this.#entrance = this.search.found;
    if (this.#entrance === undefined) return this.#wait(now);
    this.#triesHere = 0;
    this.#reached = undefined;
    this.#deps.enter(now, 'requesting');
    this.#request(now);
  }

  // No seed is active, or nobody who was to be our leaf answered: look again after a while.
  #wait(now: Millis): void {
    const { context, heartbeats, leafProbing, enter } = this.#deps;
    leafProbing.stop();
    heartbeats.stop();
    enter(now, 'searching');
    this.#tryAgainAt = now + jittered(context.config.joinTimeoutMs / 2, context.rng);
    context.note('join_waits');
  }

  #request(now: Millis): void {
    const { context } = this.#deps;
    if (this.#entrance === undefined) return;
    this.#attempt++;
    this.#triesHere++;
    // Requests are not acknowledged on their way, but every hop gives its rows: so the next one goes on from the last of them.
    const at = this.#reached;
    this.#reached = undefined;
    const patienceMs = Math.max(context.config.joinTimeoutMs / 8, ROUTE_TIMEOUTS * context.peers.timeoutMs(context.self.id));
    this.#tryAgainAt = now + jittered(Math.min(context.config.joinTimeoutMs, patienceMs * 2 ** (this.#triesHere - 1)), context.rng);
    context.send(at?.node ?? this.#entrance, { type: 'joinRequest', joiner: context.self, attempt: this.#attempt, row: at?.row ?? 0, hops: 0 });
  }

  // Our neighbors may have passed it over as we have, since it is slow; its keys are its own until its lease has run out.
  #isNeighborHidden(now: Millis): boolean {
    const { leases, peers, tables } = this.#deps.context;
    return leases.hidesNeighbor(now, tables.leafSet, (life) => peers.isDead(now, life));
  }

  // Who seems farther away than the entry we have is not asked.
  #measure(now: Millis, told: Located): void {
    const { measure, peers, self, tables } = this.#deps.context;
    told.nodes.forEach((candidate, index) => {
      if (candidate.id === self.id || tables.table.has(candidate.id) || peers.isShunned(now, candidate)) return;
      const nearMs = peers.proximityMs(candidate.id) ?? peers.predictMs(placeAt(told, index));
      if (nearMs === undefined || tables.table.wants(candidate.id, nearMs)) measure(now, candidate);
    });
  }

  #measureNeighbors(now: Millis, told: Located): void {
    const { measure, peers, self, tables } = this.#deps.context;
    told.nodes.forEach((candidate, index) => {
      if (candidate.id === self.id || peers.isShunned(now, candidate) || peers.proximityMs(candidate.id) !== undefined) return;
      const nearMs = peers.predictMs(placeAt(told, index));
      if (nearMs === undefined || tables.neighborhood.wants(nearMs) || tables.table.wants(candidate.id, nearMs)) measure(now, candidate);
    });
  }
}

/** A request to join is repeated after so many of the timeouts that an unknown peer is given: it has some hops to go. */
const ROUTE_TIMEOUTS = 2;
/** An entrance that gave no rows, the last of so many requests through it, is given up: it may be dead. */
const SILENT_TRIES = 2;
