// What is known of the ring, from two sources: the bootstrap service's list (addresses, load) and the leaf sets of the
// nodes that are watched (who is alive, within seconds). Pure; told the time, ms on a clock that never goes back.
import type { RingNode } from '@banyan/client';
import type { NodeView } from '../contract.ts';

/** A node on the bootstrap service's list. */
export interface ListedNode {
  readonly node: RingNode;
  readonly ageMs: number;
  readonly load: number;
  readonly ready: boolean;
}

/** What came of news. */
export interface RingNews {
  readonly type: 'came' | 'gone' | 'restarted' | 'ready' | 'unready';
  readonly id: string;
  readonly region: string;
}

interface Known {
  view: NodeView;
  /** When the list last held it. */
  listedAt: number;
}

/** Nodes kept at most; more are counted by the list itself, not drawn. */
export const NODES_MAX = 5_000;
/** The bootstrap service tells so many at most: a full answer says nothing about those that are not in it. */
const LISTED_MAX = 200;
// A node that neither list nor neighbor has told of for so long is gone.
const FORGET_MS = 30_000;

/** The ring as the console knows it. */
export class RingMap {
  readonly #nodes = new Map<string, Known>();
  readonly #leafSets = new Map<string, ReadonlySet<string>>(); // of those that are watched
  readonly #goneAt = new Map<string, number>();
  readonly #goneLife = new Map<string, bigint>(); // which life of it is gone
  readonly #changed = new Set<string>();
  #news: RingNews[] = [];

  /** Every node. */
  get nodes(): readonly NodeView[] {
    return [...this.#nodes.values()].map(({ view }) => view);
  }

  get size(): number {
    return this.#nodes.size;
  }

  node(id: string): NodeView | undefined {
    return this.#nodes.get(id)?.view;
  }

  /** In how many watched leaf sets the node is. */
  holders(id: string): number {
    let count = 0;
    for (const leaves of this.#leafSets.values()) if (leaves.has(id)) count++;
    return count;
  }

  /** Takes an answer of the bootstrap service. */
  list(listed: readonly ListedNode[], now: number): void {
    for (const { node, ageMs, load, ready } of listed) {
      const goneAt = this.#goneAt.get(node.id);
      if (goneAt !== undefined && now - ageMs <= goneAt) continue; // its lease outlives it
      this.#put({ ...viewOf(node), load, ready }, now);
    }
    if (listed.length < LISTED_MAX) this.#forgetUnlisted(new Set(listed.map(({ node }) => node.id)));
    this.#forgetSilent(now);
  }

  /** Takes the leaf set of a watched node. */
  leaves(node: RingNode, ready: boolean, leaves: readonly RingNode[], now: number): void {
    const before = this.#leafSets.get(node.id);
    this.#leafSets.set(node.id, new Set(leaves.map(({ id }) => id)));
    const known = this.#nodes.get(node.id);
    this.#put({ ...viewOf(node), ...(known?.view.api === undefined ? {} : { api: known.view.api }), ...(known?.view.load === undefined ? {} : { load: known.view.load }), ready, leaves: leaves.length }, now);
    for (const leaf of leaves) this.#meet(leaf, now);
    for (const id of before ?? []) if (!this.#leafSets.get(node.id)?.has(id) && this.holders(id) === 0 && !this.#leafSets.has(id)) this.#drop(id, now);
  }

  /** The node is not watched any more. `isDead`: because it does not answer, which its neighbors confirm when nobody holds it. */
  unwatch(id: string, isDead: boolean, now: number): void {
    this.#leafSets.delete(id);
    if (isDead && this.holders(id) === 0) this.#drop(id, now);
  }

  /** What changed since it was last asked. */
  takeChange(): { readonly upsert: readonly NodeView[]; readonly gone: readonly string[]; readonly news: readonly RingNews[] } {
    const ids = [...this.#changed];
    const upsert = ids.flatMap((id) => this.#nodes.get(id)?.view ?? []);
    const gone = ids.filter((id) => !this.#nodes.has(id));
    const news = this.#news;
    this.#changed.clear();
    this.#news = [];
    return { upsert, gone, news };
  }

  /** A neighbor holds it, so it lives; of one that is gone neighbors that have not noticed tell for a while. */
  #meet(leaf: RingNode, now: number): void {
    if (this.#goneAt.has(leaf.id) && leaf.incarnation <= (this.#goneLife.get(leaf.id) ?? 0n)) return;
    const known = this.#nodes.get(leaf.id);
    if (known === undefined) return this.#put({ ...viewOf(leaf), ready: true }, now);
    if (BigInt(known.view.incarnation) < leaf.incarnation) this.#put({ ...known.view, ...viewOf(leaf), ready: true }, now);
  }

  #put(view: NodeView, now: number): void {
    const known = this.#nodes.get(view.id);
    if (known === undefined && this.#nodes.size >= NODES_MAX) return;
    if (known !== undefined && BigInt(known.view.incarnation) > BigInt(view.incarnation)) return;
    this.#forgetEnd(view.id);
    const whole = known === undefined ? view : { ...known.view, ...view };
    this.#nodes.set(view.id, { view: whole, listedAt: now });
    this.#tell(known?.view, whole);
    if (JSON.stringify(known?.view) !== JSON.stringify(whole)) this.#changed.add(view.id);
  }

  #tell(before: NodeView | undefined, after: NodeView): void {
    const { id, region } = after;
    if (before === undefined) this.#news.push({ type: 'came', id, region });
    else if (before.incarnation !== after.incarnation) this.#news.push({ type: 'restarted', id, region });
    else if (before.ready !== after.ready) this.#news.push({ type: after.ready ? 'ready' : 'unready', id, region });
  }

  #forgetUnlisted(listed: ReadonlySet<string>): void {
    for (const id of this.#nodes.keys()) if (!listed.has(id) && this.holders(id) === 0 && !this.#leafSets.has(id)) this.#drop(id, undefined);
  }

  #forgetSilent(now: number): void {
    for (const [id, { listedAt }] of this.#nodes) if (now - listedAt > FORGET_MS && this.holders(id) === 0 && !this.#leafSets.has(id)) this.#drop(id, now);
    for (const [id, at] of this.#goneAt) if (now - at > FORGET_MS) this.#forgetEnd(id);
  }

  #forgetEnd(id: string): void {
    this.#goneAt.delete(id);
    this.#goneLife.delete(id);
  }

  #drop(id: string, goneAt: number | undefined): void {
    const known = this.#nodes.get(id);
    if (known === undefined) return;
    this.#nodes.delete(id);
    if (goneAt !== undefined) {
      this.#goneAt.set(id, goneAt);
      this.#goneLife.set(id, BigInt(known.view.incarnation));
    }
    this.#changed.add(id);
    this.#news.push({ type: 'gone', id, region: known.view.region });
  }
}

function viewOf(node: RingNode): Omit<NodeView, 'ready'> {
  const { id, incarnation, region, zone, capacity, apiAddress } = node;
  return { id, incarnation: String(incarnation), region, zone, capacity, ...(apiAddress === undefined ? {} : { api: apiAddress }) };
}
