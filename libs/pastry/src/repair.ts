import { compareDistance } from '@banyan/ids';
import { handleState, type NodeHandle } from '@banyan/kbr';
import { DueTimes, type Json, type Millis } from '@banyan/sansio';
import { jittered, type NodeContext } from './context.ts';
import { halfOf } from './half-digest.ts';
import type { LeafProbing } from './leaf-probing.ts';
import { knowsWholeRing } from './next-hop.ts';
import type { Slot } from './routing-table.ts';
import type { Removal } from './tables.ts';

/** Members asked about the holes of one row before they are left to maintenance. */
const ASKED_MAX = 3;
/** Holes wait so long for others in their row: one request serves all. A table that is swept quicker waits less. */
const HOLES_WAIT_MS: Millis = 240_000;
const HOLES_WAIT_SHARE = 0.4;
/** A half of the leaf set that misses more than this share of its leaves is not left to maintenance. */
const SHORT_SHARE = 0.25;
const SHORT_RETRY_MS: Millis = 5_000;
/** A leaf that is silent for us is asked about every so many heartbeats, at one of so many leaves next to it. */
const ASK_ABOUT_PERIODS = 2;
const ASK_ABOUT_AMONG = 4;
/** Leaves-to-be that wait for the death of those whose place they take. */
const SUCCESSORS_MAX = 8;

interface Holes {
  readonly columns: Set<number>;
  asked: number;
}

export interface RepairDeps {
  readonly context: NodeContext;
  readonly leafProbing: LeafProbing;
}

/**
 * What follows a death. A hole in the leaf set is filled with the leaf that the neighbor has named along with the death;
 * a half that misses many asks its farthest leaf. A hole in a row of the routing table is filled by a backup that lives, or by
 * asking another member of the row, once for all of its holes. Ring neighbors are asked at once, everything else is done at leisure.
 * Sources: Rowstron & Druschel 2001, §2.5; Castro, Costa, Rowstron 2004, §3.1 (repair when a side is lost);
 * Rhea et al. 2004 (reactive repair makes congestion worse: periodic, and only what is needed).
 */
export class Repair {
  readonly #context: NodeContext;
  readonly #leafProbing: LeafProbing;
  /** Rows with slots that became empty. */
  readonly #holes = new Map<number, Holes>();
  readonly #askAt = new DueTimes<number>();
  /** When each row was last asked for. */
  readonly #askedAt: (Millis | undefined)[] = [];
  #successors: readonly NodeHandle[] = [];
  #leavesAt = Infinity;
  #askAboutAt = Infinity;

  constructor({ context, leafProbing }: RepairDeps) {
    this.#context = context;
    this.#leafProbing = leafProbing;
  }

  /** `lost` stood in our tables and does no more. */
  onLost(now: Millis, lost: NodeHandle, removal: Removal): void {
    if (removal.leaf !== undefined) {
      this.#context.note('leaf_lost', lost);
      this.#leafProbing.onRoom(now, removal.leaf.above ? this.#successors : undefined);
      if (this.beyond() !== undefined && this.#leavesAt === Infinity) this.#leavesAt = now + jittered(SHORT_RETRY_MS / 10, this.#context.rng);
    }
    if (removal.slot === undefined) return;
    this.#context.note('entry_lost', lost);
    this.#onHole(now, removal.slot);
  }

  /**
   * A leaf is silent for us. Its ring neighbors know whether it is dead and tell; but word of it may have died on its way: after
   * a while the leaves next to it are asked, again and again until it is dead or speaks.
   */
  onSilentLeaf(now: Millis): void {
    if (this.#askAboutAt === Infinity) this.#askAboutAt = now + this.#askAboutMs(now);
  }

  /** Leaves of a ring neighbor that may take the place of those of whose death it told us in the same breath. */
  onSuccessors(now: Millis, told: readonly NodeHandle[]): void {
    if (told.length === 0) return;
    this.#successors = [...told, ...this.#successors].slice(0, SUCCESSORS_MAX);
    this.#leafProbing.consider(now, told);
  }

  /**
   * Leaves that a ring neighbor says we lack. Where we have room for none of them and still do not agree we have one too many: the
   * leaf of that half that was not heard for longest is asked, and found dead if it is.
   */
  onMissing(now: Millis, from: NodeHandle, told: readonly NodeHandle[]): void {
    if (told.length === 0) return;
    const { config, peers, tables } = this.#context;
    this.#leafProbing.consider(now, told);
    if (told.some((leaf) => tables.leafSet.admits(leaf.id))) return;
    const half = halfOf(tables.leafSet, tables.leafSet.isAbove(from.id), config.leafSetSize / 2);
    const heardAt = ({ id }: NodeHandle): Millis => peers.heardAt(id) ?? -Infinity;
    const [silent] = [...half].sort((a, b) => heardAt(a) - heardAt(b));
    if (silent !== undefined && now - heardAt(silent) > config.heartbeatPeriodMs) this.#leafProbing.probe(now, silent);
  }

  /** A row we asked for: measures what fits our holes, and asks the next member about those that nothing fits. */
  onRow(now: Millis, row: number, entries: readonly NodeHandle[]): void {
    const { measure, peers, self, tables } = this.#context;
    const holes = this.#holes.get(row);
    if (holes === undefined) return;
    for (const entry of entries) {
      const slot = tables.table.slotOf(entry.id);
      if (entry.id === self.id || slot.row !== row || peers.isShunned(now, entry) || !holes.columns.delete(slot.column)) continue;
      if (tables.table.entryFor(entry.id) !== undefined) continue;
      this.#context.spent(1);
      measure(now, entry);
    }
    if (holes.columns.size === 0 || holes.asked >= ASKED_MAX) this.#forget(row);
    else this.#askAt.set(row, now + this.#waitMs(now));
  }

  /** True when that row of another has been asked for since. */
  askedSince(row: number, since: Millis): boolean {
    return (this.#askedAt[row] ?? -Infinity) >= since;
  }

  /** The leaf that knows who comes next on a side that misses many leaves; undefined when neither does. */
  beyond(): NodeHandle | undefined {
    const { config, tables } = this.#context;
    const { leafSet } = tables;
    if (leafSet.isFull) return undefined;
    // All that we know of a ring that was larger: either it has become so small, or we have lost touch with a side.
    if (knowsWholeRing(tables)) return leafSet.wasFull ? (leafSet.farthestRight ?? leafSet.farthestLeft) : undefined;
    const enough = (1 - SHORT_SHARE) * (config.leafSetSize / 2);
    const above = leafSet.countAbove();
    const below = leafSet.size - above;
    if (Math.min(above, below) >= enough) return undefined;
    const [shorter, longer] = above <= below ? [leafSet.farthestRight, leafSet.farthestLeft] : [leafSet.farthestLeft, leafSet.farthestRight];
    return shorter ?? longer;
  }

  /** Goes on from the nearest node known on a side of which few leaves are left: so a lost side is found again. */
  replenish(now: Millis): void {
    const { config, tables } = this.#context;
    const { leafSet } = tables;
    if (leafSet.isFull || knowsWholeRing(tables)) return;
    // So few are left that every one of them may be a leaf, on whichever side.
    const strangers = [...tables.table.entries()].filter((entry) => !leafSet.has(entry.id));
    if (leafSet.size + strangers.length <= config.leafSetSize) {
      leafSet.becomeWholeRing();
      return this.#leafProbing.consider(now, strangers);
    }
    const above = leafSet.countAbove();
    for (const [count, isAbove] of [[above, true], [leafSet.size - above, false]] as const) {
      const nearest = count < config.leafSetSize / 4 ? this.#nearestOutsider(isAbove) : undefined;
      if (nearest !== undefined) this.#leafProbing.probe(now, nearest);
    }
  }

  next(): Millis {
    return Math.min(this.#leavesAt, this.#askAboutAt, this.#askAt.next());
  }

  tick(now: Millis): void {
    for (const row of this.#askAt.takeDue(now)) this.#ask(now, row);
    if (now >= this.#askAboutAt) this.#askAbout(now);
    if (now < this.#leavesAt) return;
    const partner = this.beyond();
    this.#leavesAt = partner === undefined ? Infinity : now + jittered(SHORT_RETRY_MS, this.#context.rng);
    if (partner !== undefined) this.#leafProbing.probe(now, partner);
    this.replenish(now);
  }

  stop(): void {
    for (const row of [...this.#holes.keys()]) this.#forget(row);
    this.#leavesAt = this.#askAboutAt = Infinity;
  }

  state(now: Millis): Json {
    const holes = [...this.#holes].map(([row, { columns, asked }]) => ({ row, columns: [...columns], asked }));
    const askedMs = this.#askedAt.map((at) => (at === undefined ? null : at - now));
    return { holes, askedMs, successors: this.#successors.map(handleState), leavesMs: inMs(this.#leavesAt, now), askAboutMs: inMs(this.#askAboutAt, now) };
  }

  // The answer names those of our leaves whom the other has found dead; with our own silence that is enough.
  #askAbout(now: Millis): void {
    const { peers, rng, tables: { leafSet } } = this.#context;
    const silent = rng.pick(leafSet.members.filter((leaf) => peers.isUnreachable(now, leaf)));
    this.#askAboutAt = silent === undefined ? Infinity : now + this.#askAboutMs(now);
    if (silent === undefined) return;
    const asked = rng.pick(leafSet.nearestTo(silent.id, ASK_ABOUT_AMONG).filter((leaf) => !peers.isDoubtful(now, leaf)));
    if (asked !== undefined) this.#leafProbing.probe(now, asked);
  }

  #askAboutMs(now: Millis): Millis {
    const { pace, rng } = this.#context;
    return jittered(ASK_ABOUT_PERIODS * pace.heartbeatMs(now), rng);
  }

  // Where the leaf set reaches it decides, and no hole matters.
  #onHole(now: Millis, slot: Slot): void {
    const { leafSet, table } = this.#context.tables;
    const { low, high } = table.keysOf(slot);
    if (leafSet.covers(low, false) && leafSet.covers(high, false)) return;
    this.#tryBackup(now, slot);
    const { row, column } = slot;
    const holes = this.#holes.get(row);
    if (holes !== undefined) {
      holes.columns.add(column);
      return;
    }
    this.#holes.set(row, { columns: new Set([column]), asked: 0 });
    this.#askAt.set(row, now + this.#waitMs(now));
  }

  // If it lives it fills the hole before anybody is asked for another.
  #tryBackup(now: Millis, slot: Slot): void {
    const { measure, peers, tables } = this.#context;
    const backup = tables.backups.of(slot).find((kept) => !peers.isShunned(now, kept));
    if (backup === undefined) return;
    this.#context.spent(1);
    measure(now, backup);
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

  // Another member of the same row, else of a later one, knows nodes that fit. What has been filled meanwhile is no hole.
  #ask(now: Millis, row: number): void {
    const { peers, rng, send, tables } = this.#context;
    const holes = this.#holes.get(row);
    if (holes === undefined) return;
    for (const entry of tables.table.row(row)) holes.columns.delete(tables.table.slotOf(entry.id).column);
    if (holes.columns.size === 0) return this.#forget(row);
    for (let from = row; from < tables.table.depth && holes.asked < ASKED_MAX; from++) {
      const member = rng.pick(tables.table.row(from).filter((entry) => !peers.isDoubtful(now, entry)));
      if (member === undefined) continue;
      holes.asked++;
      this.#askedAt[row] = now;
      // Asked again if no answer comes.
      this.#askAt.set(row, now + this.#waitMs(now));
      return send(member, { type: 'rowRequest', nonce: 0, row, columns: [...holes.columns].reduce((mask, column) => mask | (1 << column), 0) });
    }
    this.#forget(row);
  }

  #forget(row: number): void {
    this.#holes.delete(row);
    this.#askAt.delete(row);
  }

  #waitMs(now: Millis): Millis {
    const { pace, rng } = this.#context;
    return jittered(Math.min(HOLES_WAIT_MS, HOLES_WAIT_SHARE * pace.sweepMs(now)), rng);
  }
}

function inMs(at: Millis, now: Millis): Millis | null {
  return at === Infinity ? null : at - now;
}
