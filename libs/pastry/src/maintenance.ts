import type { NodeHandle } from '@banyan/kbr';
import type { Json, Millis } from '@banyan/sansio';
import { jittered, type NodeContext } from './context.ts';
import type { LeafProbing } from './leaf-probing.ts';
import type { Repair } from './repair.ts';

/** Marks a row asked for to find nearer entries, not to fill a hole: all of its unknown entries are measured. */
export const ROW_EXCHANGE = 1;

export interface MaintenanceDeps {
  readonly context: NodeContext;
  readonly leafProbing: LeafProbing;
  readonly repair: Repair;
  /** Whom to try when no leaf is left. */
  readonly seeds: () => readonly NodeHandle[];
}

/**
 * What a node does at its leisure: exchanges leaf sets with a random leaf, asks one table entry after another whether it
 * lives, and compares rows with others to find nearer nodes. Every period is jittered.
 * Sources: Rhea et al. 2004 (periodic, not only reactive, recovery); Castro et al. MSR-TR-2003-52 (row exchange every 20 min);
 * Castro, Costa, Rowstron 2004 (active probing of table entries). Deviation: the sweep's period is fixed, not self-tuned.
 */
export class Maintenance {
  readonly #deps: MaintenanceDeps;
  #leavesAt = Infinity;
  #sweepAt = Infinity;
  #rowsAt = Infinity;
  /** Entries still to be visited in this round of the sweep, next one last. */
  #round: NodeHandle[] = [];

  constructor(deps: MaintenanceDeps) {
    this.#deps = deps;
  }

  start(now: Millis): void {
    const { config, rng } = this.#deps.context;
    this.#leavesAt = now + rng.next() * config.leafMaintenanceMs;
    this.#sweepAt = now + rng.next() * config.tableSweepMs;
    this.#rowsAt = now + rng.next() * config.tableMaintenanceMs;
  }

  stop(): void {
    this.#leavesAt = this.#sweepAt = this.#rowsAt = Infinity;
  }

  next(): Millis {
    return Math.min(this.#leavesAt, this.#sweepAt, this.#rowsAt);
  }

  tick(now: Millis): void {
    const { config, rng } = this.#deps.context;
    if (now >= this.#leavesAt) {
      this.#leavesAt = now + jittered(config.leafMaintenanceMs, rng);
      this.#exchangeLeaves(now);
    }
    if (now >= this.#sweepAt) this.#sweepAt = now + jittered(this.#sweep(now), rng);
    if (now >= this.#rowsAt) {
      this.#rowsAt = now + jittered(config.tableMaintenanceMs, rng);
      this.#exchangeRows();
    }
  }

  state(now: Millis): Json {
    if (this.#leavesAt === Infinity) return null;
    return { leavesMs: this.#leavesAt - now, sweepMs: this.#sweepAt - now, rowsMs: this.#rowsAt - now, round: this.#round.length };
  }

  #exchangeLeaves(now: Millis): void {
    const { context, leafProbing, repair, seeds } = this.#deps;
    const partner = context.rng.pick(context.tables.leafSet.members) ?? context.rng.pick(seeds());
    if (partner !== undefined) leafProbing.probe(now, partner);
    repair.replenish(now);
  }

  // One entry at a time; the whole table is visited once in `tableSweepMs`. Whoever was heard meanwhile is not asked.
  #sweep(now: Millis): Millis {
    const { config, peers, tables, verify } = this.#deps.context;
    if (this.#round.length === 0) this.#round = [...tables.table.entries()];
    const pauseMs = config.tableSweepMs / Math.max(1, tables.table.size);
    const entry = this.#round.pop();
    if (entry !== undefined && tables.table.has(entry.id) && now - (peers.heardAt(entry.id) ?? -Infinity) >= config.tableSweepMs) verify(now, entry);
    return pauseMs;
  }

  #exchangeRows(): void {
    const { rng, send, tables } = this.#deps.context;
    for (let row = 0; row < tables.table.depth; row++) {
      const member = rng.pick(tables.table.row(row));
      if (member !== undefined) send(member, { type: 'rowRequest', nonce: ROW_EXCHANGE, row });
    }
  }
}
