import type { Id } from '@banyan/ids';
import { HOPS_MAX, sameIncarnation, type NodeHandle } from '@banyan/kbr';
import type { Json, Millis } from '@banyan/sansio';
import type { NodeContext } from './context.ts';
import type { LeafProbing } from './leaf-probing.ts';
import type { RingLookup } from './messages.ts';
import { nextHop } from './next-hop.ts';
import { PartitionMemory } from './partition-memory.ts';

export interface MergeDeps {
  readonly context: NodeContext;
  readonly leafProbing: LeafProbing;
  /** Nodes named to us from outside: whom a ring that formed apart is found by. */
  readonly seeds: () => readonly NodeHandle[];
}

/**
 * Finds rings that formed apart and makes one of them. From time to time a node pings a peer it lost, or a seed; one that
 * answers is given our name to look up in *its* ring. Whoever is root of our id there without knowing us is of another ring
 * (or has lost us): it exchanges leaf sets with us, and from there the neighborhood closes by ordinary leaf-set probes, which
 * say that they merge. Everyone who gains a leaf that way has some of its own peers looked up in the other ring, once: so a
 * merge is under way everywhere after O(log N) rounds, and in both directions.
 * Deliveries are guarded by leases as ever: two nodes that know each other cannot both own a key.
 * Sources: Shafaat, Ghodsi, Haridi 2007 (ring unification: passive list, lookups in both rings, gossip); FreePastry 2.1 (history).
 * Deviation: a lookup stops at the root of the id, whose leaf set says more than a single successor.
 */
export class Merge {
  readonly #deps: MergeDeps;
  readonly #memory: PartitionMemory;
  #contactAt = Infinity;
  /** The seed that was pinged last. */
  #contacted: Id | undefined;
  #mergingUntil = -Infinity;

  constructor(deps: MergeDeps) {
    const { partition } = deps.context.config;
    this.#deps = deps;
    this.#memory = new PartitionMemory({ rng: deps.context.rng, peersMax: partition.memoryMax, forMs: partition.memoryForMs, answersMax: ANSWERS_MAX });
  }

  start(now: Millis): void {
    this.#contactAt = now + this.#waitMs();
  }

  stop(): void {
    this.#contactAt = Infinity;
  }

  next(): Millis {
    return this.#contactAt;
  }

  tick(now: Millis): void {
    if (now < this.#contactAt) return;
    this.#contactAt = now + this.#waitMs();
    this.#contact(now);
  }

  /** A member of our tables fell silent. */
  remember(now: Millis, peer: NodeHandle): void {
    this.#memory.add(now, peer);
    // Few nodes have few who ask for them: a node that may be alone soon does not wait out a long period.
    const { config, tables } = this.#deps.context;
    const isLong = this.#contactAt !== Infinity && this.#contactAt > now + 2 * config.partition.contactFewMs;
    if (isLong && !tables.leafSet.isFull) this.#contactAt = now + this.#waitMs();
  }

  /** Every message comes by here: a peer that we had lost, or a seed that we asked, is a way into its ring. */
  heard(now: Millis, from: NodeHandle): void {
    const { phase, self, send } = this.#deps.context;
    const asked = this.#contacted === from.id;
    if ((!this.#memory.heard(from.id) && !asked) || phase !== 'active' || this.isMerging(now)) return;
    if (asked) this.#contacted = undefined;
    send(from, { type: 'ringLookup', seeker: self, hops: 0 });
  }

  /** Passes a lookup on towards the seeker's id; its root, if it does not know the seeker, makes contact. */
  onLookup(now: Millis, { seeker, hops }: RingLookup): void {
    const { peers, phase, self, send, tables } = this.#deps.context;
    if (phase !== 'active' || seeker.id === self.id) return;
    const hop = nextHop(tables, { key: seeker.id, avoid: (peer) => peers.isDoubtful(now, peer), absent: seeker.id });
    if (hop === undefined || hops >= HOPS_MAX) return;
    if (hop.rule !== 'self') return send(hop.to, { type: 'ringLookup', seeker, hops: hops + 1 });
    const known = tables.leafSet.get(seeker.id);
    if (known === undefined || !sameIncarnation(known, seeker)) this.meet(now, seeker);
    this.#deps.leafProbing.probe(now, seeker);
  }

  /** `foreign` is of another ring than we were: word of it goes around in ours, and of us in its. */
  meet(now: Millis, foreign: NodeHandle): void {
    const { config, note, peers, phase, rng, send, tables } = this.#deps.context;
    if (phase !== 'active') return;
    const isNews = !this.isMerging(now);
    this.#mergingUntil = now + config.partition.mergeQuietMs;
    if (!isNews) return;
    note('ring_merging', foreign);
    // Whom we found dead may have been behind the partition only.
    peers.forgive();
    const own = new Map<Id, NodeHandle>();
    for (const peer of [...tables.leafSet.members, ...tables.table.entries()]) own.set(peer.id, peer);
    own.delete(foreign.id);
    for (const peer of rng.shuffle([...own.values()]).slice(0, config.partition.mergeFanOut)) {
      send(foreign, { type: 'ringLookup', seeker: peer, hops: 0 });
    }
  }

  /** True from the first contact with another ring until no new leaf has come of it for a while. */
  isMerging(now: Millis): boolean {
    return now < this.#mergingUntil;
  }

  state(now: Millis): Json {
    return {
      memory: this.#memory.state(now),
      contactMs: this.#contactAt === Infinity ? null : this.#contactAt - now,
      contacted: this.#contacted ?? null,
      mergingMs: this.isMerging(now) ? this.#mergingUntil - now : null,
    };
  }

  #contact(now: Millis): void {
    const { config, measure, rng, self, spent, tables } = this.#deps.context;
    const lost = this.#memory.pick(now, (peer) => tables.leafSet.has(peer.id));
    const seedShare = tables.leafSet.size === 0 ? ALONE_SEED_SHARE : config.partition.seedShare;
    const asksSeed = (lost === undefined && tables.leafSet.size === 0) || rng.next() < seedShare;
    const seed = asksSeed ? rng.pick(this.#deps.seeds().filter((node) => node.id !== self.id && !tables.leafSet.has(node.id))) : undefined;
    this.#contacted = seed?.id;
    const contacted = seed ?? lost;
    if (contacted === undefined) return;
    measure(now, contacted);
    spent(config.peers.measureTries);
  }

  // In a large ring many others look out for the same partition. All lost their peers at the same moment, so that chance has
  // to spread them over the whole time.
  #waitMs(): Millis {
    const { config, rng, tables } = this.#deps.context;
    return 2 * rng.next() * Math.min(config.partition.contactMs, tables.leafSet.isFull ? Infinity : config.partition.contactFewMs * Math.max(1, tables.leafSet.size));
  }
}

/** Answers of a lost peer after which it is believed to be of our ring. */
const ANSWERS_MAX = 4;
/** How often a node that is alone asks a seed rather than a peer it lost. */
const ALONE_SEED_SHARE = 0.5;
