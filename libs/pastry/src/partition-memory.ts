import type { Id } from '@banyan/ids';
import { handleState, type NodeHandle } from '@banyan/kbr';
import type { Json, Millis, Rng } from '@banyan/sansio';

export interface PartitionMemoryDeps {
  readonly rng: Rng;
  /** Peers remembered at once. */
  readonly peersMax: number;
  /** How long each is remembered. */
  readonly forMs: Millis;
  /** Answers after which a peer is forgotten: by then it is known to be of our ring, or merged with it. */
  readonly answersMax: number;
}

interface Remembered {
  readonly peer: NodeHandle;
  readonly until: Millis;
  answers: number;
}

/**
 * Peers that once stood in our tables and then fell silent: dead, or behind a partition, which nobody can tell from here.
 * At the bound a random one goes, so that a slow trickle of real deaths does not soon wash out the other side.
 * Source: FreePastry 2.1 (history of 20 dead nodes, 90 min).
 */
export class PartitionMemory {
  readonly #deps: PartitionMemoryDeps;
  readonly #byId = new Map<Id, Remembered>();

  constructor(deps: PartitionMemoryDeps) {
    this.#deps = deps;
  }

  /** A member of our tables fell silent. */
  add(now: Millis, peer: NodeHandle): void {
    const { forMs, peersMax, rng } = this.#deps;
    this.#byId.delete(peer.id);
    if (this.#byId.size >= peersMax) {
      const leaving = rng.pick([...this.#byId.keys()]);
      if (leaving !== undefined) this.#byId.delete(leaving);
    }
    this.#byId.set(peer.id, { peer, until: now + forMs, answers: 0 });
  }

  /** One of them, each equally likely; those that `stands` says are members again are forgotten, and so are the oldest. */
  pick(now: Millis, stands: (peer: NodeHandle) => boolean): NodeHandle | undefined {
    for (const [id, { peer, until }] of this.#byId) {
      if (until <= now || stands(peer)) this.#byId.delete(id);
    }
    return this.#deps.rng.pick([...this.#byId.values()])?.peer;
  }

  /** True when the sender of a message is remembered: it lives. */
  heard(id: Id): boolean {
    const remembered = this.#byId.size === 0 ? undefined : this.#byId.get(id);
    if (remembered === undefined) return false;
    if (++remembered.answers >= this.#deps.answersMax) this.#byId.delete(id);
    return true;
  }

  state(now: Millis): Json {
    return [...this.#byId.values()].map(({ peer, until, answers }) => ({ peer: handleState(peer), forMs: until - now, answers }));
  }
}
