import type { NodeHandle } from '@banyan/kbr';
import { compareDistance } from '@banyan/ids';
import type { Millis } from '@banyan/sansio';
import type { NodeContext } from './context.ts';
import type { LeafProbing } from './leaf-probing.ts';
import { knowsWholeRing } from './next-hop.ts';
import type { Slot } from './routing-table.ts';
import type { Removal } from './tables.ts';

/**
 * What follows a death: the hole in the leaf set is filled by asking the farthest leaf on that side, the hole in the routing
 * table by asking another member of the row. The two ring neighbors of the dead tell their whole leaf sets; everyone asks
 * for himself before he believes it.
 * Sources: Rowstron & Druschel 2001, §2.5; Castro, Costa, Rowstron 2004, §3.1 (who announces; repair when a side is lost).
 */
export class Repair {
  readonly #context: NodeContext;
  readonly #leafProbing: LeafProbing;

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
    if (removal.slot !== undefined) this.#repairSlot(now, removal.slot);
  }

  /** Asks somebody who may know more leaves, when ours are fewer than they should be. */
  replenish(now: Millis): void {
    const { leafSet } = this.#context.tables;
    if (leafSet.isFull || knowsWholeRing(this.#context.tables)) return;
    const nearest = this.#nearestOutsider();
    if (nearest !== undefined) this.#leafProbing.probe(now, nearest);
  }

  #repairLeafSet(now: Millis, leaf: { readonly wasNeighbor: boolean; readonly above: boolean }): void {
    const { leafSet } = this.#context.tables;
    if (leaf.wasNeighbor) {
      for (const member of leafSet.members) this.#leafProbing.probe(now, member);
    } else {
      const farthest = leaf.above ? leafSet.farthestRight : leafSet.farthestLeft;
      if (farthest !== undefined) this.#leafProbing.probe(now, farthest);
    }
    this.replenish(now);
  }

  // The known node next to us on the ring that is no leaf: going on from it, a lost side is found in O(log N) rounds.
  #nearestOutsider(): NodeHandle | undefined {
    const { leafSet, self, table } = this.#context.tables;
    let nearest: NodeHandle | undefined;
    for (const entry of table.entries()) {
      if (leafSet.has(entry.id)) continue;
      if (nearest === undefined || compareDistance(self.id, entry.id, nearest.id) < 0) nearest = entry;
    }
    return nearest;
  }

  // Lazy repair: another member of the same row, else of a later one, knows nodes that fit the slot.
  #repairSlot(now: Millis, slot: Slot): void {
    const { peers, rng, send, tables } = this.#context;
    for (let row = slot.row; row < tables.table.depth; row++) {
      const member = rng.pick(tables.table.row(row).filter((entry) => !peers.isDoubtful(now, entry)));
      if (member === undefined) continue;
      return send(member, { type: 'rowRequest', nonce: 0, row: slot.row });
    }
  }
}
