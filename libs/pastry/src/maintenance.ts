import type { NodeHandle } from '@banyan/kbr';
import type { Json, Millis } from '@banyan/sansio';
import { jittered, type NodeContext } from './context.ts';
import type { LeafProbing } from './leaf-probing.ts';
import type { Repair } from './repair.ts';

/** Marks a row asked for to find nearer entries, not to fill a hole: all of its unknown entries are measured. */
export const ROW_EXCHANGE = 1;
/** Routine exchanges of leaf sets that repair may take the place of, ahead of time. */
const EXCHANGES_AHEAD_MAX = 12;

export interface MaintenanceDeps {
  readonly context: NodeContext;
  readonly leafProbing: LeafProbing;
  readonly repair: Repair;
  /** Whom to try when no leaf is left. */
  readonly seeds: () => readonly NodeHandle[];
}

/**
 * What a node does at its leisure: exchanges leaf sets with a leaf, and compares rows with others to find nearer nodes.
 * Every period is jittered. What repair has just done counts: an exchange of leaf sets for any reason stands for a routine
 * one, and a row that was asked for to fill a hole is not asked for again; so failures change what maintenance is spent on
 * more than how much there is of it. All of it together is bounded by a budget of bytes.
 * Sources: Rhea et al. 2004 (periodic, not only reactive, recovery); Castro et al. MSR-TR-2003-52 (row exchange every 20 min).
 */
export class Maintenance {
  readonly #deps: MaintenanceDeps;
  #leavesAt = Infinity;
  #rowsAt = Infinity;

  constructor(deps: MaintenanceDeps) {
    this.#deps = deps;
  }

  start(now: Millis): void {
    const { config, rng } = this.#deps.context;
    this.#leavesAt = now + rng.next() * config.leafMaintenanceMs;
    this.#rowsAt = now + rng.next() * config.tableMaintenanceMs;
  }

  stop(): void {
    this.#leavesAt = this.#rowsAt = Infinity;
  }

  next(): Millis {
    return Math.min(this.#leavesAt, this.#rowsAt);
  }

  tick(now: Millis): void {
    const { config, rng, tables } = this.#deps.context;
    const exchanged = this.#deps.leafProbing.takeExchanges();
    if (exchanged > 0 && this.#leavesAt !== Infinity) {
      this.#leavesAt = Math.min(this.#leavesAt + exchanged * config.leafMaintenanceMs, now + EXCHANGES_AHEAD_MAX * config.leafMaintenanceMs);
    }
    if (now >= this.#leavesAt) {
      this.#leavesAt = now + jittered(config.leafMaintenanceMs, rng);
      if (this.#affords(now, 2 * tables.leafSet.size)) this.#exchangeLeaves(now);
      // Its own.
      this.#deps.leafProbing.takeExchanges();
    }
    if (now >= this.#rowsAt) {
      this.#rowsAt = now + jittered(config.tableMaintenanceMs, rng);
      this.#exchangeRows(now);
    }
  }

  state(now: Millis): Json {
    if (this.#leavesAt === Infinity) return null;
    return { leavesMs: this.#leavesAt - now, rowsMs: this.#rowsAt - now };
  }

  /** What is too dear now is left out until its next turn. */
  #affords(now: Millis, handles: number): boolean {
    const { note, upkeep } = this.#deps.context;
    if (upkeep.spend(now, handles)) return true;
    note('upkeep_left_out');
    return false;
  }

  // Where a half is short, the farthest leaf on that side knows who comes next; else any leaf will do, those in doubt first.
  #exchangeLeaves(now: Millis): void {
    const { context, leafProbing, repair, seeds } = this.#deps;
    const { leafSet } = context.tables;
    const doubtful = leafSet.members.filter((leaf) => context.peers.isUnreachable(now, leaf));
    const partner = context.rng.pick(doubtful) ?? repair.beyond() ?? context.rng.pick(leafSet.members) ?? context.rng.pick(seeds());
    if (partner !== undefined) leafProbing.probe(now, partner);
    repair.replenish(now);
  }

  #exchangeRows(now: Millis): void {
    const { config, rng, send, tables } = this.#deps.context;
    for (let row = 0; row < tables.table.depth; row++) {
      if (this.#deps.repair.askedSince(row, now - config.tableMaintenanceMs)) continue;
      const entries = tables.table.row(row);
      const member = rng.pick(entries);
      if (member !== undefined && this.#affords(now, entries.length)) send(member, { type: 'rowRequest', nonce: ROW_EXCHANGE, row });
    }
  }
}
