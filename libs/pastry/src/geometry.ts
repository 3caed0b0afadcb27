import { compareDistance, type Id } from '@banyan/ids';
import type { Geometry, Hop, NodeHandle, Seek } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';
import type { NodeContext } from './context.ts';
import { Density } from './density.ts';
import { isInDoubt } from './doubt.ts';
import type { Heartbeats } from './heartbeats.ts';
import { HopChoice } from './hop-choice.ts';
import { makesProgress, nextHop } from './next-hop.ts';
import { ReplicaChoice } from './replica-choice.ts';

/** Leaves around a silent root that are looked at for a detour. */
const DETOURS_MAX = 4;

/**
 * Pastry's next-hop rule as hop delivery asks for it: with what liveness and leases have to say about it.
 * `clock` is the time of the turn that asks.
 */
export class PastryGeometry implements Geometry {
  readonly self: NodeHandle;
  readonly #context: NodeContext;
  readonly #heartbeats: Heartbeats;
  readonly #clock: () => Millis;
  readonly #choice: HopChoice;
  readonly #replicaChoice: ReplicaChoice;

  constructor(deps: { readonly context: NodeContext; readonly heartbeats: Heartbeats; readonly clock: () => Millis }) {
    this.self = deps.context.self;
    this.#context = deps.context;
    this.#heartbeats = deps.heartbeats;
    this.#clock = deps.clock;
    const { config, peers, tables } = deps.context;
    const density = new Density(tables.leafSet);
    this.#choice = new HopChoice({ tables, density, peers, leafSetSize: config.leafSetSize });
    this.#replicaChoice = new ReplicaChoice({ tables, density, peers });
  }

  nextHop(key: Id, excluded: ReadonlySet<Id>, seek?: Seek): Hop | undefined {
    const { phase } = this.#context;
    if (phase === 'left') return this.#handOn(key);
    if (phase !== 'active') return undefined;
    const hop = this.#choose(key, excluded, seek);
    if (hop === undefined) return undefined;
    if (hop.rule === 'self') return this.mayDeliver(key) ? hop : undefined;
    // The last hop: whoever is silent there is asked again, never passed over.
    if (hop.last === true && excluded.has(hop.to.id)) return undefined;
    return hop;
  }

  makesProgress(key: Id, to: NodeHandle): boolean {
    const { tables } = this.#context;
    if (makesProgress(tables, key, to)) return true;
    return tables.leafSet.has(to.id) && compareDistance(key, to.id, this.self.id) < 0;
  }

  isNearer(key: Id, one: NodeHandle, other: NodeHandle): boolean {
    return compareDistance(key, one.id, other.id) < 0;
  }

  // Whoever stands next to it on the ring is the first to know whether it lives, and the last to lose touch with it.
  detour(root: NodeHandle): Hop | undefined {
    const { peers, tables } = this.#context;
    const now = this.#clock();
    const near = tables.leafSet.nearestTo(root.id, DETOURS_MAX).find((leaf) => !peers.isDoubtful(now, leaf));
    return near === undefined ? undefined : { to: near, rule: 'leaf-set' };
  }

  /** True when neither a missing lease nor one that we issued keeps us from delivering a key whose root we are. */
  mayDeliver(key: Id, now: Millis = this.#clock()): boolean {
    const { leases, tables } = this.#context;
    return this.#heartbeats.leased(now) && !leases.blocks(now, key, tables.leafSet);
  }

  // Doubtful peers are gone around where another choice makes progress; if none does, they are better than nothing.
  #choose(key: Id, excluded: ReadonlySet<Id>, seek?: Seek): Hop | undefined {
    const { peers, tables } = this.#context;
    const now = this.#clock();
    const avoid = (peer: NodeHandle): boolean => excluded.has(peer.id) || isInDoubt(this.#context, now, peer);
    const hop = nextHop(tables, { key, avoid }) ?? nextHop(tables, { key, avoid: (peer) => excluded.has(peer.id) });
    if (seek !== undefined && hop !== undefined && hop.rule !== 'self') {
      const towards = this.#replicaChoice.best(key, { hop, seek }, avoid);
      if (towards !== undefined) return towards;
    }
    const { config, rng } = this.#context;
    if (hop?.rule === 'routing-table' && config.randomHopShare > 0 && rng.next() < config.randomHopShare) return this.#choice.any(hop, { key, rng }, avoid);
    if (hop?.rule === 'routing-table') return this.#choice.best(key, hop, avoid);
    if (hop?.last !== true) return hop;
    return peers.isUnreachable(now, hop.to) ? (this.#relay(key, avoid) ?? hop) : hop;
  }

  // The root is silent for us: the leaf nearest to the key that does answer us may reach it, or knows by now that it is dead.
  // Only one that is nearer than we are, so that two of them do not send a message to and fro.
  // Source: Freedman et al. 2005 (non-transitive connectivity); FreePastry (source routes through leaves).
  #relay(key: Id, avoid: (peer: NodeHandle) => boolean): Hop | undefined {
    let relay: NodeHandle | undefined;
    for (const leaf of this.#context.tables.leafSet.members) {
      if (!avoid(leaf) && compareDistance(key, leaf.id, (relay ?? this.self).id) < 0) relay = leaf;
    }
    return relay === undefined ? undefined : { to: relay, rule: 'leaf-set' };
  }

  // A node that left is no root any more: what still comes here goes to the leaf that is.
  #handOn(key: Id): Hop | undefined {
    const { leafSet } = this.#context.tables;
    const hop = this.#choose(key, new Set());
    if (hop === undefined || hop.rule !== 'self') return hop;
    const [right, left] = [leafSet.right, leafSet.left];
    if (right === undefined || left === undefined) return undefined;
    return { to: compareDistance(key, right.id, left.id) <= 0 ? right : left, rule: 'leaf-set', last: true };
  }
}
