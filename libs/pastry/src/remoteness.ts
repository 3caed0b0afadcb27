import type { Id } from '@banyan/ids';
import type { Coordinate, NodeHandle } from '@banyan/kbr';
import { distanceMs, type Peers } from '@banyan/peers';
import type { Millis } from '@banyan/sansio';

/** Leaves that stand for everyone. */
const SAMPLED_MAX = 16;
/** A place that is less sure than this, in thousandths, says nothing. */
const ERROR_MAX = 450;

/**
 * How far away everyone is from a node, on average: the last hop leads to a root of which nobody knows where it lies, and from a
 * node in the midst of all it is the shorter one. Leaves stand for everyone, since their ids say nothing about where
 * they lie; they tell their places with every exchange of leaf sets.
 */
export class Remoteness {
  readonly #peers: Pick<Peers, 'placeOf'>;
  readonly #sample: readonly Coordinate[];
  readonly #otherwiseMs: Millis;

  /** Who lies nobody knows where is taken to be as remote as we are. */
  constructor(leaves: readonly NodeHandle[], peers: Pick<Peers, 'placeOf' | 'place'>) {
    this.#peers = peers;
    const step = Math.max(1, Math.floor(leaves.length / SAMPLED_MAX));
    const sample: Coordinate[] = [];
    for (let i = 0; i < leaves.length && sample.length < SAMPLED_MAX; i += step) {
      const place = peers.placeOf((leaves[i] as NodeHandle).id);
      if (place.error <= ERROR_MAX) sample.push(place);
    }
    this.#sample = sample;
    this.#otherwiseMs = this.#meanMs(peers.place);
  }

  /** The likely round-trip time from that node to a root that may be anyone. */
  ms(node: Id): Millis {
    const place = this.#peers.placeOf(node);
    return place.error <= ERROR_MAX ? this.#meanMs(place) : this.#otherwiseMs;
  }

  #meanMs(from: Coordinate): Millis {
    if (this.#sample.length === 0) return 0;
    let sumMs = 0;
    for (const place of this.#sample) sumMs += distanceMs(from, place);
    return sumMs / this.#sample.length;
  }
}
