import { compareDistance } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Json, Millis } from '@banyan/sansio';
import type { NodeContext } from './context.ts';
import type { LeafProbing } from './leaf-probing.ts';
import { knowsWholeRing } from './next-hop.ts';
import type { Slot } from './routing-table.ts';
import type { Removal } from './tables.ts';

/** Members asked about one hole in the routing table before it is left to maintenance. */
const ASKED_MAX = 3;
/** Holes under repair at once; further ones are left to maintenance. */
const HOLES_MAX = 64;

/**
 * What follows a death: the hole in the leaf set is filled by asking the farthest leaf on that side, the hole in the routing
 * table by asking other members of the row. The two ring neighbors of the dead tell the leaves around them; everyone asks
 * for himself before he believes it.
 * Sources: Rowstron & Druschel 2001, §2.5; Castro, Costa, Rowstron 2004, §3.1 (who announces; repair when a side is lost).
 */
export class Repair {
  readonly #context: NodeContext;
  readonly #leafProbing: LeafProbing;
  /** Slots that became empty, with how many have been asked about each. */
  readonly #holes = new Map<string, { readonly slot: Slot; asked: number }>();

  constructor(context: NodeContext, leafProbing: LeafProbing) {
    this.#context = context;
    this.#leafProbing = leafProbing;
  }

  /** `lost` stood in our tables and does no more. */
  onLost(now: Millis, lost: NodeHandle, removal: Removal): void {
    if (removal.leaf !== undefined) {
      this.#repairLeafSet(now, removal.leaf);
      this.#context.note('leaf_lost', lost);
    }
    if (removal.slot !== undefined && this.#holes.size < HOLES_MAX) {
      const hole = { slot: removal.slot, asked: 0 };
      this.#holes.set(nameOf(removal.slot), hole);
      this.#ask(now, hole);
    }
  }

  /** A row we asked for: measures what fits our holes, and asks the next member about those that nothing fits. */
  onRow(now: Millis, row: number, entries: readonly NodeHandle[]): void {
    const { measure, peers, self, tables } = this.#context;
    for (const hole of [...this.#holes.values()].filter(({ slot }) => slot.row === row)) {
      const fitting = entries.find((entry) => {
        const slot = tables.table.slotOf(entry.id);
        return entry.id !== self.id && slot.row === row && slot.column === hole.slot.column && !peers.isShunned(now, entry);
      });
      if (fitting === undefined) {
        this.#ask(now, hole);
      } else {
        this.#holes.delete(nameOf(hole.slot));
        measure(now, fitting);
      }
    }
  }

  /** Goes on from the nearest node known on a side of which few leaves are left: so a lost side is found again. */
  replenish(now: Millis): void {
    const { config, tables } = this.#context;
    const { leafSet } = tables;
    if (leafSet.isFull || knowsWholeRing(tables)) return;
    const above = leafSet.countAbove();
    for (const [count, isAbove] of [[above, true], [leafSet.size - above, false]] as const) {
      const nearest = count < config.leafSetSize / 4 ? this.#nearestOutsider(isAbove) : undefined;
      if (nearest !== undefined) this.#leafProbing.probe(now, nearest);
    }
  }

  state(): Json {
    return [...this.#holes].map(([name, { asked }]) => ({ hole: name, asked }));
  }

  #repairLeafSet(now: Millis, leaf: { readonly wasNeighbor: boolean; readonly above: boolean }): void {
    const { leafSet } = this.#context.tables;
    if (leaf.wasNeighbor) {
      for (const member of this.#announcedTo(leaf.above)) this.#leafProbing.probe(now, member);
    } else {
      const farthest = leaf.above ? leafSet.farthestRight : leafSet.farthestLeft;
      if (farthest !== undefined) this.#leafProbing.probe(now, farthest);
    }
    this.replenish(now);
  }

  // The two neighbors of the dead share the work: each tells the leaves on its own side, and the other neighbor.
  #announcedTo(deadWasAbove: boolean): readonly NodeHandle[] {
    const { leafSet } = this.#context.tables;
    const across = deadWasAbove ? leafSet.right : leafSet.left;
    const own = leafSet.members.filter((member) => leafSet.isAbove(member.id) !== deadWasAbove);
    return across === undefined || own.includes(across) ? own : [across, ...own];
  }

  #nearestOutsider(isAbove: boolean): NodeHandle | undefined {
    const { leafSet, self, table } = this.#context.tables;
    let nearest: NodeHandle | undefined;
    for (const entry of table.entries()) {
      if (leafSet.has(entry.id) || leafSet.isAbove(entry.id) !== isAbove) continue;
      if (nearest === undefined || compareDistance(self.id, entry.id, nearest.id) < 0) nearest = entry;
    }
    return nearest;
  }

  // Lazy repair: another member of the same row, else of a later one, knows nodes that fit the slot.
  #ask(now: Millis, hole: { readonly slot: Slot; asked: number }): void {
    const { peers, rng, send, tables } = this.#context;
    const { row } = hole.slot;
    for (let from = row; from < tables.table.depth && hole.asked < ASKED_MAX; from++) {
      const member = rng.pick(tables.table.row(from).filter((entry) => !peers.isDoubtful(now, entry)));
      if (member === undefined) continue;
      hole.asked++;
      return send(member, { type: 'rowRequest', nonce: 0, row });
    }
    this.#holes.delete(nameOf(hole.slot));
  }
}

function nameOf(slot: Slot): string {
  return `${slot.row}:${slot.column}`;
}
