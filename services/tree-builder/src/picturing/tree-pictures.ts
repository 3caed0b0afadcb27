// The live picture of every tree, from what nodes tell of their own places. Soft state: it is forgotten when it is not
// told again, and a restarted builder has it back within one round of reports.
import { idFromBytes, type Id } from '@banyan/ids';
import { groupKey, isGroupName } from '@banyan/identity';
import { multicast, type overlay } from '@banyan/proto';

/** How long a place stays in a picture without being told again: three rounds of full reports. */
export const PLACE_LIFETIME_MS = 30_000;
/** Places kept at most, over all groups; at the bound the one told longest ago goes. */
export const PLACES_MAX = 200_000;
/** Places in one picture at most, the root first; a picture of so many still fits one message of 4 MiB. */
export const PICTURE_PLACES_MAX = 5_000;

interface KnownPlace {
  readonly group: Id;
  readonly node: Id;
  readonly incarnation: bigint;
  readonly place: multicast.Place;
  /** The encoded place: equal bytes are no news. */
  readonly bytes: Uint8Array;
  readonly toldAt: number;
}

/** Told that a group's picture changed. */
export type PictureWatcher = () => void;

/** Pictures of trees. Told the time, ms on a clock that never goes back. */
export class TreePictures {
  readonly #places = new Map<string, KnownPlace>(); // by group and node; insertion order = order of last telling
  readonly #byGroup = new Map<Id, Map<Id, KnownPlace>>();
  readonly #watchers = new Map<Id, Set<PictureWatcher>>();

  constructor(private readonly placesMax: number = PLACES_MAX) {}

  /** Takes a node's places and the groups it left. Places without a group's name, or of an earlier life, are left out. */
  report(report: { readonly node: overlay.Node; readonly places: readonly multicast.Place[]; readonly left: readonly Id[] }, now: number): void {
    const node = idFromBytes(report.node.id);
    for (const group of report.left) this.#forget(keyOf(group, node));
    for (const place of report.places) {
      if (!isGroupName(place.group)) continue;
      const slim = slimPlace(place, report.node);
      const bytes = multicast.Place.encode(slim).finish();
      this.#keep({ group: groupKey(place.group), node, incarnation: report.node.incarnation, place: slim, bytes, toldAt: now });
    }
  }

  /** The places of a group, the root first, then forwarders, then leaves; at most 5,000. */
  picture(group: Id, now: number): readonly multicast.Place[] {
    this.expire(now);
    const places = [...(this.#byGroup.get(group)?.values() ?? [])];
    return places.toSorted(compareRank).slice(0, PICTURE_PLACES_MAX).map(({ place }) => place);
  }

  /** Every group that has a place in some picture. */
  groups(): Iterable<Id> {
    return [...this.#byGroup.keys()];
  }

  /** How many places are told of, over all groups. */
  size(now: number): number {
    this.expire(now);
    return this.#places.size;
  }

  /** How many nodes are in a group's tree, and how many local subscriptions they have. */
  count(group: Id, now: number): { readonly nodes: number; readonly subscribers: number } {
    this.expire(now);
    const places = [...(this.#byGroup.get(group)?.values() ?? [])];
    return { nodes: places.length, subscribers: places.reduce((sum, { place }) => sum + place.subscribers, 0) };
  }

  /** Calls `watcher` after every change of a group's picture, until the returned function is called. */
  watch(group: Id, watcher: PictureWatcher): () => void {
    const watchers = this.#watchers.get(group) ?? new Set();
    this.#watchers.set(group, watchers.add(watcher));
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.#watchers.get(group) === watchers) this.#watchers.delete(group);
    };
  }

  /** Forgets what was not told for 30 s. */
  expire(now: number): void {
    for (const [key, place] of this.#places) {
      if (place.toldAt + PLACE_LIFETIME_MS > now) return;
      this.#forget(key);
    }
  }

  #keep(told: KnownPlace): void {
    const key = keyOf(told.group, told.node);
    const known = this.#places.get(key);
    if (known !== undefined && known.incarnation > told.incarnation) return;
    if (!this.#isNewestRoot(told)) return;
    this.#places.delete(key);
    if (this.#places.size >= this.placesMax) this.#forgetOldest();
    this.#places.set(key, told);
    const places = this.#byGroup.get(told.group) ?? new Map<Id, KnownPlace>();
    this.#byGroup.set(told.group, places.set(told.node, told));
    if (known === undefined || !Buffer.from(known.bytes).equals(told.bytes)) this.#tell(told.group);
  }

  /**
   * Who numbers in a later epoch is the only root: what others say of earlier ones (the dead say it until they are forgotten) goes.
   * False when `told` itself is of the earlier ones.
   */
  #isNewestRoot({ group, node, place }: KnownPlace): boolean {
    if (place.role !== multicast.Role.ROOT) return true;
    for (const other of [...(this.#byGroup.get(group)?.values() ?? [])]) {
      if (other.node === node || other.place.role !== multicast.Role.ROOT) continue;
      if (other.place.epoch > place.epoch) return false;
      if (other.place.epoch < place.epoch) this.#forget(keyOf(group, other.node));
    }
    return true;
  }

  #forgetOldest(): void {
    for (const key of this.#places.keys()) return this.#forget(key);
  }

  #forget(key: string): void {
    const known = this.#places.get(key);
    if (known === undefined) return;
    this.#places.delete(key);
    const places = this.#byGroup.get(known.group);
    places?.delete(known.node);
    if (places?.size === 0) this.#byGroup.delete(known.group);
    this.#tell(known.group);
  }

  #tell(group: Id): void {
    for (const watcher of this.#watchers.get(group) ?? []) watcher();
  }
}

function keyOf(group: Id, node: Id): string {
  return `${group}${node}`;
}

// Everyone in the picture has a place of his own with his addresses, so parents and children are named by id only.
function slimPlace(place: multicast.Place, node: overlay.Node): multicast.Place {
  return { ...place, node, parent: place.parent === undefined ? undefined : nameOnly(place.parent), children: place.children.map(nameOnly), publishers: place.publishers.map(nameOnly) };
}

function nameOnly(node: overlay.Node): overlay.Node {
  return { id: node.id, incarnation: node.incarnation, controlAddress: '', dataAddress: '', region: '', zone: '', capacity: 0, apiAddress: '' };
}

function compareRank(a: KnownPlace, b: KnownPlace): number {
  return rank(a.place.role) - rank(b.place.role) || (a.node < b.node ? -1 : 1);
}

function rank(role: multicast.Role): number {
  return role === multicast.Role.UNSPECIFIED ? multicast.Role.LEAF + 1 : role;
}
