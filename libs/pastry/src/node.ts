import { HopDelivery, type HopEffect, type HopNumbers } from '@banyan/hop-delivery';
import { compareDistance, type Id } from '@banyan/ids';
import type { NodeHandle, Routing, RoutingEffect, RoutingInput, RoutingView } from '@banyan/kbr';
import { Peers } from '@banyan/peers';
import { assertNever, type Bound, type Json, type Millis, type Rng } from '@banyan/sansio';
import { Admission } from './admission.ts';
import { ChurnEstimate } from './churn-estimate.ts';
import { DEFAULT_PASTRY_CONFIG, type PastryConfig } from './config.ts';
import type { NodeContext, Phase } from './context.ts';
import type { FilledTables } from './fill-tables.ts';
import { PastryGeometry } from './geometry.ts';
import { Heartbeats } from './heartbeats.ts';
import { Inbox } from './inbox.ts';
import { Introduction } from './introduction.ts';
import { Join } from './join.ts';
import { LeafProbing } from './leaf-probing.ts';
import { Leases } from './leases.ts';
import { Liveness } from './liveness.ts';
import { Maintenance } from './maintenance.ts';
import { Membership } from './membership.ts';
import { Merge } from './merge.ts';
import type { PastryMessage } from './messages.ts';
import { Pace } from './pace.ts';
import { Repair } from './repair.ts';
import { Sweep } from './sweep.ts';
import { Tables } from './tables.ts';
import { UpkeepBudget } from './upkeep-budget.ts';
import { PastryView } from './view.ts';

export type PastryInput = RoutingInput<PastryMessage>;
export type PastryEffect = RoutingEffect<PastryMessage>;

export interface PastryDeps {
  readonly self: NodeHandle;
  readonly rng: Rng;
  readonly config?: PastryConfig;
  /** From where the numbers of hops and messages go on, when this life is taken up again. */
  readonly numbers?: HopNumbers;
}

/**
 * One member of a Pastry ring. The mechanisms stand in files of their own; here they are put together and told what
 * concerns them: inputs and messages go to one each, what liveness finds out goes to all whom it touches.
 * Source: Rowstron & Druschel 2001, with consistency and liveness after Castro, Costa, Rowstron 2004 and Haeberlen et al. 2005.
 */
export class PastryNode implements Routing<PastryMessage> {
  readonly view: RoutingView;
  readonly #context: NodeContext;
  readonly #peers: Peers;
  readonly #tables: Tables;
  readonly #leases = new Leases();
  readonly #churn: ChurnEstimate;
  readonly #hops: HopDelivery;
  readonly #leafProbing: LeafProbing;
  readonly #heartbeats: Heartbeats;
  readonly #join: Join;
  readonly #admission: Admission;
  readonly #introduction: Introduction;
  readonly #repair: Repair;
  readonly #sweep: Sweep;
  readonly #maintenance: Maintenance;
  readonly #merge: Merge;
  readonly #geometry: PastryGeometry;
  readonly #liveness: Liveness;
  readonly #membership: Membership;
  readonly #inbox: Inbox;
  #leased = true;
  #now: Millis = 0;
  #out: PastryEffect[] = [];

  constructor({ self, rng, config = DEFAULT_PASTRY_CONFIG, numbers }: PastryDeps) {
    this.#tables = new Tables(self, config);
    this.#peers = new Peers({
      self,
      config: config.peers,
      // Whoever is next to it on the ring knows best, and has a use for the answer.
      helpers: (target) => this.#tables.leafSet.nearestTo(target.id, config.peers.indirectHelpers),
      keeps: (peer) => this.#tables.has(peer),
      wants: (peer, roundTripMs) => this.#tables.table.wants(peer.id, roundTripMs),
      isHurried: () => this.#context.pace.isHurried(this.#now),
      rng: rng.fork(),
    });
    this.#churn = new ChurnEstimate(config, this.#tables);
    const phase = (): Phase => this.#membership.phase;
    this.#context = {
      self,
      config,
      rng,
      peers: this.#peers,
      tables: this.#tables,
      leases: this.#leases,
      pace: new Pace({ config, churn: this.#churn, told: () => this.#heartbeats.toldFailureRates() }),
      upkeep: new UpkeepBudget(config),
      get phase() {
        return phase();
      },
      send: (to, message) => this.#out.push({ type: 'send', to, message }),
      measure: (now, candidate) => this.#liveness.apply(now, this.#peers.probe(now, candidate, 'measure')),
      verify: (now, member, because) => this.#liveness.verify(now, member, because),
      spent: (pings) => this.#sweep.spent(pings),
      handOver: (now, to) => this.#hops.handOver(now, (key) => compareDistance(key, to.id, self.id) < 0),
      takeOver: (now, names) => this.#hops.takeOver(now, names),
      merging: (now) => this.#merge.isMerging(now),
      meet: (now, foreign) => this.#merge.meet(now, foreign),
      note: (note, peer) => this.#out.push({ type: 'note', note, count: 1, ...(peer === undefined ? {} : { peer }) }),
    };
    const context = this.#context;
    this.#leafProbing = new LeafProbing(context);
    this.#heartbeats = new Heartbeats(context);
    this.#sweep = new Sweep(context);
    this.#repair = new Repair({ context, leafProbing: this.#leafProbing });
    this.#join = new Join({ context, leafProbing: this.#leafProbing, heartbeats: this.#heartbeats, enter: (now, next) => this.#membership.enter(now, next) });
    this.#admission = new Admission(context);
    this.#introduction = new Introduction(context);
    this.#maintenance = new Maintenance({ context, leafProbing: this.#leafProbing, repair: this.#repair, seeds: () => this.#join.seeds });
    this.#merge = new Merge({ context, leafProbing: this.#leafProbing, seeds: () => this.#join.seeds });
    this.#liveness = new Liveness({
      context,
      churn: this.#churn,
      join: this.#join,
      admission: this.#admission,
      leafProbing: this.#leafProbing,
      heartbeats: this.#heartbeats,
      repair: this.#repair,
      merge: this.#merge,
      emit: (effect) => this.#out.push(effect),
    });
    this.#membership = new Membership({
      context,
      churn: this.#churn,
      heartbeats: this.#heartbeats,
      introduction: this.#introduction,
      join: this.#join,
      leafProbing: this.#leafProbing,
      maintenance: this.#maintenance,
      merge: this.#merge,
      repair: this.#repair,
      sweep: this.#sweep,
      emit: (effect) => this.#out.push(effect),
      freed: (now) => this.#applyHops(now, this.#hops.retryParked(now)),
    });
    this.#geometry = new PastryGeometry({ context, heartbeats: this.#heartbeats, clock: () => this.#now });
    this.#hops = new HopDelivery({
      geometry: this.#geometry,
      config: config.hops,
      timeoutMs: (peer) => this.#peers.timeoutMs(peer),
      place: () => this.#peers.place,
      roundTripMs: (peer) => this.#peers.roundTripMs(peer),
      ...(numbers === undefined ? {} : { numbers }),
    });
    this.#inbox = new Inbox({
      context,
      admission: this.#admission,
      introduction: this.#introduction,
      join: this.#join,
      leafProbing: this.#leafProbing,
      liveness: this.#liveness,
      merge: this.#merge,
      repair: this.#repair,
      onHop: (now, from, message) => this.#applyHops(now, this.#hops.receive(now, from, message)),
      emit: (effect) => this.#out.push(effect),
    });
    this.view = new PastryView(context, this.#geometry);
  }

  /** A member of a ring that stands already, with these tables and fresh leases: no join, for large or perfect rings in the lab. */
  static member(now: Millis, deps: PastryDeps, filled: FilledTables): PastryNode {
    const node = PastryNode.still(deps, filled);
    node.#now = now;
    node.#heartbeats.adopt(now);
    node.#membership.startRoutine(now);
    return node;
  }

  /**
   * A member of a ring in which nobody comes or goes: it routes, and does nothing of its own accord. It has no heartbeats, and
   * so no ring neighbor whose lease it would wait for. For rings in the lab that are too large to be lived in.
   */
  static still(deps: PastryDeps, filled: FilledTables): PastryNode {
    const node = new PastryNode(deps);
    node.#tables.fill(filled);
    node.#membership.belong();
    return node;
  }

  handle(now: Millis, input: PastryInput): readonly PastryEffect[] {
    this.#now = now;
    this.#out = [];
    this.#dispatch(now, input);
    this.#settle(now);
    return this.#out;
  }

  deadline(): Millis | undefined {
    const next = Math.min(
      this.#hops.next(),
      this.#heartbeats.next(),
      this.#peers.next(),
      this.#leafProbing.next(),
      this.#join.next(),
      this.#introduction.next(),
      this.#maintenance.next(),
      this.#merge.next(),
      this.#repair.next(),
      this.#sweep.next(),
    );
    return next === Infinity ? undefined : next;
  }

  /** True when it would deliver `key` if it came now; for those who see all nodes. */
  owns(now: Millis, key: Id): boolean {
    this.#now = Math.max(this.#now, now);
    return this.view.isRoot(key);
  }

  /** How many messages are in this node's care. */
  load(): { readonly unacked: number; readonly parked: number } {
    return this.#hops.load();
  }

  /** The numbers it would give next to a hop and to a message. */
  numbers(): HopNumbers {
    return this.#hops.numbers();
  }

  /** Every queue and table with its limit. */
  bounds(): readonly Bound[] {
    return [...this.#hops.bounds(), ...this.#peers.bounds(), ...this.#tables.bounds(), this.#leases.bound(), this.#leafProbing.bound()];
  }

  /** Until when, by its own clock, nobody else takes this node's keys if it falls silent now. */
  leasedUntil(): Millis {
    return this.#heartbeats.leasedUntil();
  }

  /** True when neither a missing lease nor a promise keeps this node from delivering `key`; whether it takes itself for the root, as `owns` asks, is another thing. */
  mayDeliver(now: Millis, key: Id): boolean {
    return this.#geometry.mayDeliver(key, now);
  }

  /** Entries of the routing table, leaves and neighbors; for measuring. */
  sizes(): { readonly leaves: number; readonly entries: number; readonly neighbors: number } {
    const { leafSet, table, neighborhood } = this.#tables;
    return { leaves: leafSet.size, entries: table.size, neighbors: neighborhood.size };
  }

  /** Every id in the routing table; for measuring. */
  entries(): readonly Id[] {
    return Array.from(this.#tables.table.entries(), ({ id }) => id);
  }

  state(now: Millis): Json {
    return {
      self: this.#context.self.id,
      incarnation: this.#context.self.incarnation,
      phase: this.#membership.phase,
      leased: this.#heartbeats.leased(now),
      tables: this.#tables.state(),
      leases: this.#leases.state(now),
      heartbeats: this.#heartbeats.state(now),
      leafProbing: this.#leafProbing.state(now),
      join: this.#join.state(now),
      lock: this.#admission.state(now),
      introduction: this.#introduction.state(now),
      maintenance: this.#maintenance.state(now),
      merge: this.#merge.state(now),
      repair: this.#repair.state(now),
      sweep: this.#sweep.state(now),
      upkeep: this.#context.upkeep.state(now),
      churn: this.#churn.state(now),
      pace: this.#context.pace.state(now),
      peers: this.#peers.state(now),
      hops: this.#hops.state(now),
      rng: this.#context.rng.state(),
    };
  }

  #dispatch(now: Millis, input: PastryInput): void {
    switch (input.type) {
      case 'message':
        return this.#inbox.take(now, input.from, input.message);
      case 'tick':
        return this.#tick(now);
      case 'route':
        return this.#applyHops(now, this.#hops.originate(now, input));
      case 'resume':
        return this.#applyHops(now, this.#hops.resume(now, input.envelope, input.nextHop));
      case 'join':
        if (this.#membership.phase === 'idle') this.#join.start(now, input.seeds);
        else this.#join.rememberSeeds(input.seeds);
        return;
      case 'leave':
        return this.#membership.leave(now);
      case 'suspect':
        if (this.#tables.has(input.peer.id)) this.#context.verify(now, input.peer);
        return;
      case 'stalled':
        this.#hops.stalled(now, input.forMs);
        this.#peers.stalled(now);
        return this.#membership.stalled(now, input.forMs);
      default:
        return assertNever(input);
    }
  }

  #tick(now: Millis): void {
    this.#liveness.apply(now, this.#peers.tick(now));
    this.#leafProbing.tick(now);
    this.#heartbeats.tick(now);
    this.#join.tick(now);
    this.#introduction.tick(now);
    this.#maintenance.tick(now);
    this.#merge.tick(now);
    this.#repair.tick(now);
    this.#sweep.tick(now);
    this.#applyHops(now, this.#hops.tick(now));
  }

  // After every input: tell what changed among the leaves, see whether the join goes on, let go what waited for either.
  #settle(now: Millis): void {
    for (const peer of this.#liveness.takeLost()) this.#applyHops(now, this.#hops.peerLost(now, peer));
    const changes = this.#tables.takeLeafChanges();
    if (changes !== undefined) {
      this.#heartbeats.neighborsChanged(now);
      this.#out.push({ type: 'leafSetChanged', ...changes, merged: changes.gained.length > 0 && this.#merge.isMerging(now) });
    }
    if (this.#membership.phase !== 'active') this.#join.settle(now);
    // Without parked messages nobody waits for a lease, and most turns are over here.
    if (!this.#hops.hasParked) return;
    const leased = this.#heartbeats.leased(now);
    const freed = changes !== undefined || (leased && !this.#leased);
    this.#leased = leased;
    if (freed) this.#applyHops(now, this.#hops.retryParked(now));
  }

  #applyHops(now: Millis, effects: readonly HopEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'suspect') this.#liveness.verify(now, effect.peer, 'unacknowledged');
      else if (effect.type === 'measured') this.#peers.measured(now, effect.peer, effect.roundTripMs);
      else this.#out.push(effect);
    }
  }
}
