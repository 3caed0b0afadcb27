import { idFromBytes, type Id } from '@banyan/ids';
import type { builder, overlay, peer } from '@banyan/proto';
import type { LinkPrices } from './link-prices.ts';

/** How long a node stays on the map without being told again. */
export const ON_MAP_MS = 30_000;
/** Nodes on the map at most; at the bound the one told longest ago goes. */
export const ON_MAP_MAX = 50_000;
/** A coordinate whose predictions are off by more is no ground for advice. */
const ERROR_MAX = 400;
const PER_MS = 100;

interface Known {
  readonly node: overlay.Node;
  readonly at: peer.Coordinate | undefined;
  readonly measuredMs: ReadonlyMap<Id, number>;
  readonly toldAt: number;
}

/**
 * Where the nodes lie: what they measured to one another, and for all other pairs what their coordinates say. Soft state, as the
 * pictures of trees are.
 * Source of the prediction: Dabek, Cox, Kaashoek, Morris 2004 (Vivaldi, height vectors).
 */
export class NodeMap {
  readonly #known = new Map<Id, Known>(); // insertion order = order of last telling
  readonly #prices: LinkPrices;
  readonly #max: number;

  constructor(prices: LinkPrices, max = ON_MAP_MAX) {
    this.#prices = prices;
    this.#max = max;
  }

  /** Takes a report; measurements are told with reports of everything only, and kept in between. */
  report({ at, measured }: Pick<builder.ReportPlacesRequest, 'at' | 'measured'>, node: overlay.Node, now: number): void {
    const id = idFromBytes(node.id);
    const former = this.#known.get(id);
    if (former !== undefined && former.node.incarnation > node.incarnation) return;
    this.#known.delete(id);
    const measuredMs = measured.length === 0 ? (former?.measuredMs ?? NOTHING) : new Map(measured.map((one) => [idFromBytes(one.node), one.roundTripMs]));
    this.#known.set(id, { node, at, measuredMs, toldAt: now });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.#max) break;
      this.#known.delete(oldest);
    }
  }

  /** A node with its addresses, as it told itself lately. */
  node(id: Id, now: number): overlay.Node | undefined {
    return this.#fresh(id, now)?.node;
  }

  /** Delay and price of a link between two nodes, as ms of round trip; undefined while their distance is not known. */
  costMs(from: Id, to: Id, now: number): number | undefined {
    const [a, b] = [this.node(from, now), this.node(to, now)];
    const roundTripMs = this.roundTripMs(from, to, now);
    return roundTripMs === undefined || a === undefined || b === undefined ? undefined : roundTripMs + this.#prices.weightMs(a, b);
  }

  /** Round trip between two nodes, ms, as one of them measured it or else as their coordinates say; undefined: not known. */
  roundTripMs(from: Id, to: Id, now: number): number | undefined {
    const a = this.#fresh(from, now);
    const b = this.#fresh(to, now);
    if (a === undefined || b === undefined) return undefined;
    return measured(a.measuredMs.get(to), b.measuredMs.get(from)) ?? predictedMs(a.at, b.at);
  }

  #fresh(id: Id, now: number): Known | undefined {
    const known = this.#known.get(id);
    return known === undefined || known.toldAt + ON_MAP_MS <= now ? undefined : known;
  }
}

const NOTHING: ReadonlyMap<Id, number> = new Map();

function measured(there: number | undefined, back: number | undefined): number | undefined {
  if (there === undefined || back === undefined) return there ?? back;
  return Math.min(there, back);
}

function predictedMs(a: peer.Coordinate | undefined, b: peer.Coordinate | undefined): number | undefined {
  if (a === undefined || b === undefined || a.error > ERROR_MAX || b.error > ERROR_MAX) return undefined;
  return (Math.hypot(a.x - b.x, a.y - b.y) + a.height + b.height) / PER_MS;
}
