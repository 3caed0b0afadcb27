import { idFromBytes, idToBytes, type Id } from '@banyan/ids';
import { multicast, type builder } from '@banyan/proto';
import type { TreePictures } from '../picturing/tree-pictures.ts';
import { betterParents, type Member } from './better-parents.ts';
import type { NodeMap } from './node-map.ts';

/** How long advice is worth something. */
const VALID_MS = 10_000;
/** A node takes one piece of advice a minute and group, so it is given no more. */
const AGAIN_MS = 60_000;
/** Moves of one tree in one round, and members of it that are looked at in turn. */
const MOVES_MAX = 4;
const LOOKED_MAX = 256;
/** The least that a move is worth: as nodes have it, and in ms, for on one site everybody is near. */
const GAIN_MIN = 0.15;
const GAIN_MS_MIN = 1;

/** Takes a piece of advice. */
export type AdviceReader = (advice: builder.WatchAdviceResponse) => void;

/**
 * Looks at one tree after the other and tells nodes of better parents. Nodes decide, and the tree goes on without it: nothing is
 * remembered here but who was advised a short while ago. Told the time, ms on a clock that never goes back.
 */
export class Advisor {
  readonly #pictures: TreePictures;
  readonly #map: NodeMap;
  readonly #readers = new Map<Id, AdviceReader>();
  /** When a node was advised in a group last, by both. */
  readonly #advisedAt = new Map<string, number>();
  /** Where in its members each tree is looked at next. */
  readonly #lookedTo = new Map<Id, number>();

  constructor(pictures: TreePictures, map: NodeMap) {
    this.#pictures = pictures;
    this.#map = map;
  }

  /** Nodes that listen. */
  get readers(): number {
    return this.#readers.size;
  }

  /** Gives a node's advice to `reader` until the function it answers is called; a newer reader takes the place of an older. */
  listen(node: Id, reader: AdviceReader): () => void {
    this.#readers.set(node, reader);
    return () => {
      if (this.#readers.get(node) === reader) this.#readers.delete(node);
    };
  }

  /** Looks at every tree once; how many pieces of advice were given. */
  look(now: number, wallMs: number): number {
    for (const [key, at] of this.#advisedAt) if (at + AGAIN_MS <= now) this.#advisedAt.delete(key);
    let given = 0;
    if (this.#readers.size === 0) return given;
    const groups = new Set(this.#pictures.groups());
    for (const group of this.#lookedTo.keys()) if (!groups.has(group)) this.#lookedTo.delete(group);
    for (const group of groups) given += this.#lookAt(group, now, wallMs);
    return given;
  }

  #lookAt(group: Id, now: number, wallMs: number): number {
    const places = this.#pictures.picture(group, now);
    const epoch = places.reduce((newest, place) => (place.epoch > newest ? place.epoch : newest), 0n);
    const members = places.filter((place) => place.epoch === epoch).flatMap(memberOf);
    const looked = this.#turn(group, members).filter(({ id }) => this.#readers.has(id) && !this.#advisedAt.has(keyOf(group, id)));
    const moves = betterParents(members, (parent, child) => this.#map.costMs(parent, child, now), { looked, movesMax: MOVES_MAX, gainMin: GAIN_MIN, gainMsMin: GAIN_MS_MIN });
    let given = 0;
    for (const { member, parent, better, gain } of moves) {
      const [from, to] = [this.#map.node(parent, now), this.#map.node(better, now)];
      if (from === undefined || to === undefined) continue;
      this.#advisedAt.set(keyOf(group, member), now);
      this.#readers.get(member)?.({ group: idToBytes(group), epoch, parent: from, better: to, gain, atMs: BigInt(wallMs), validMs: VALID_MS });
      given++;
    }
    return given;
  }

  /** The next members of a tree, round and round. */
  #turn(group: Id, members: readonly Member[]): readonly Member[] {
    if (members.length <= LOOKED_MAX) return members;
    const from = (this.#lookedTo.get(group) ?? 0) % members.length;
    this.#lookedTo.set(group, from + LOOKED_MAX);
    return [...members, ...members].slice(from, from + LOOKED_MAX);
  }
}

function memberOf({ node, parent, role, voter, children, fanOut }: multicast.Place): readonly Member[] {
  if (node === undefined) return [];
  return [{ id: idFromBytes(node.id), parent: parent === undefined ? undefined : idFromBytes(parent.id), isRoot: role === multicast.Role.ROOT, isVoter: voter, places: fanOut - children.length }];
}

function keyOf(group: Id, node: Id): string {
  return `${group}${node}`;
}
