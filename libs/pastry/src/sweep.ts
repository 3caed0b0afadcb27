import { handleState, type NodeHandle } from '@banyan/kbr';
import type { Json, Millis } from '@banyan/sansio';
import { jittered, type NodeContext } from './context.ts';

/**
 * Asks one table entry after another whether it lives; the whole table is visited once in T_rt, which follows the churn.
 * Whoever was heard meanwhile is not asked. The sweep is also the budget of pings: those that a suspicion or a repair has
 * cost are saved here again, one visit each, so that a node sends about as many pings whether peers fail or not, and only
 * at whom they go differs. Debts are bounded by half a round, so the sweep never stops.
 * Source: Castro, Costa, Rowstron 2004, §4.1 (active probing, suppressed by traffic, period T_rt).
 */
export class Sweep {
  readonly #context: NodeContext;
  #at = Infinity;
  #owed = 0;
  /** Entries still to be visited in this round, next one last. */
  #round: NodeHandle[] = [];

  constructor(context: NodeContext) {
    this.#context = context;
  }

  start(now: Millis): void {
    const { pace, rng } = this.#context;
    this.#at = now + rng.next() * this.#pauseMs(now) + 0.1 * rng.next() * pace.sweepMs(now);
  }

  stop(): void {
    this.#at = Infinity;
  }

  next(): Millis {
    return this.#at;
  }

  tick(now: Millis): void {
    if (now < this.#at) return;
    const { peers, rng, tables } = this.#context;
    this.#owed = Math.min(this.#owed + peers.takeSpentPings(), tables.table.size / 2);
    this.#visit(now);
    this.#at = now + jittered(this.#pauseMs(now), rng);
  }

  /** Pings were sent for the sake of a repair. */
  spent(pings: number): void {
    this.#owed += pings;
  }

  state(now: Millis): Json {
    return this.#at === Infinity ? null : { sweepMs: this.#at - now, owed: this.#owed, round: this.#round.map(handleState) };
  }

  #visit(now: Millis): void {
    const { note, pace, peers, tables, upkeep, verify } = this.#context;
    if (this.#round.length === 0) this.#round = [...tables.table.entries()];
    const entry = this.#round.pop();
    // Of leaves their ring neighbors take care, and tell.
    if (entry === undefined || !tables.table.has(entry.id) || tables.leafSet.has(entry.id)) return;
    if (now - (peers.heardAt(entry.id) ?? -Infinity) < pace.sweepMs(now)) return;
    if (this.#owed >= 1) {
      this.#owed--;
      return;
    }
    if (!upkeep.spend(now, 0)) return note('upkeep_left_out');
    verify(now, entry);
    // This one was planned.
    peers.takeSpentPings();
  }

  #pauseMs(now: Millis): Millis {
    return this.#context.pace.sweepMs(now) / Math.max(1, this.#context.tables.table.size);
  }
}
