import type { Id } from '@banyan/ids';
import { handleState, type NodeHandle } from '@banyan/kbr';
import type { Json, Millis } from '@banyan/sansio';
import type { NodeContext } from './context.ts';
import { placeAt } from './located.ts';
import type { Located, TableMessage } from './messages.ts';

/** `seeds`: pings the seeds. `leaves`, `row`: asked the nearest for its tables. `pings`: pings what it answered. */
type Step = 'done' | 'seeds' | 'leaves' | 'row' | 'pings';

/** Times that row 0 is walked again because it led to somebody nearer. */
const FIRST_ROW_ROUNDS_MAX = 3;
/** How much longer than the nearest took we wait for somebody nearer: paths jitter. */
const NEARER_SLACK = 1.1;
/** As long as more of those pinged are silent, they are waited for: their answers tell where we lie. */
const STRAGGLERS_SHARE = 0.25;
/** Times that the nearest is asked for one of its tables. */
const ASKS_MAX = 3;

/**
 * The walk to the nearest node before joining: from the nearest seed to the nearest of its leaves, then down the rows of
 * ever nearer nodes, whose entries lie ever more widely spread, until row 0 brings nobody nearer.
 * Pings of a step leave at once, so whoever has not answered within the time that the nearest took is not nearer: once most
 * have answered nobody waits for the dead.
 * Source: Castro, Druschel, Hu, Rowstron MSR-TR-2002-82, §4.1 (nearest-neighbor search): a constant number of pings per level.
 */
export class NearestSearch {
  readonly #context: NodeContext;
  #step: Step = 'done';
  #stepEndsAt = Infinity;
  #nearest: NodeHandle | undefined;
  #row = 0;
  #firstRowRounds = 0;
  /** The nearest when the row was asked for: somebody else now means progress. */
  #before: Id | undefined;
  #asks = 0;
  #pingedAt: Millis = 0;
  readonly #awaited = new Set<Id>();
  /** How many were pinged in this step. */
  #asked = 0;

  constructor(context: NodeContext) {
    this.#context = context;
  }

  /** The nearest active node found; undefined while walking, or when no seed was one. */
  get found(): NodeHandle | undefined {
    return this.#step === 'done' ? this.#nearest : undefined;
  }

  get done(): boolean {
    return this.#step === 'done';
  }

  begin(now: Millis, seeds: readonly NodeHandle[]): void {
    this.#nearest = undefined;
    this.#firstRowRounds = 0;
    const { config, rng } = this.#context;
    this.#ping(now, 'seeds', rng.shuffle(seeds).slice(0, config.seedsPinged));
  }

  stop(): void {
    this.#step = 'done';
    this.#stepEndsAt = Infinity;
    this.#awaited.clear();
  }

  next(): Millis {
    return this.#stepEndsAt;
  }

  tick(now: Millis): void {
    if (now >= this.#stepEndsAt) this.#advance(now);
  }

  answered(now: Millis, peer: NodeHandle, ready: boolean): void {
    if (!this.#awaited.delete(peer.id)) return;
    if (ready) this.#compare(peer);
    this.#heard(now);
  }

  silent(now: Millis, peer: NodeHandle): void {
    if (this.#awaited.delete(peer.id)) this.#heard(now);
  }

  onReply(now: Millis, from: NodeHandle, message: Extract<TableMessage, { type: 'leavesReply' | 'rowReply' }>): void {
    if (from.id !== this.#nearest?.id) return;
    if (message.type === 'leavesReply' && this.#step === 'leaves') {
      this.#row = message.depth;
      this.#ping(now, 'pings', this.#context.rng.shuffle(message.leaves).slice(0, this.#context.config.searchLeavesMax));
    } else if (message.type === 'rowReply' && this.#step === 'row' && message.row === this.#row) {
      this.#ping(now, 'pings', this.#promising(message.entries));
    }
  }

  state(now: Millis): Json {
    return {
      step: this.#step,
      row: this.#row,
      firstRowRounds: this.#firstRowRounds,
      nearest: this.#nearest === undefined ? null : handleState(this.#nearest),
      before: this.#before ?? null,
      asks: this.#asks,
      pingedMs: this.#step === 'seeds' || this.#step === 'pings' ? this.#pingedAt - now : null,
      asked: this.#asked,
      awaited: [...this.#awaited],
      endsMs: this.#stepEndsAt === Infinity ? null : this.#stepEndsAt - now,
    };
  }

  #ping(now: Millis, step: 'seeds' | 'pings', nodes: readonly NodeHandle[]): void {
    const { config, measure, peers, self } = this.#context;
    this.#step = step;
    this.#pingedAt = now;
    this.#stepEndsAt = now + config.searchStepMs;
    this.#before = this.#nearest?.id;
    this.#awaited.clear();
    for (const node of nodes) {
      // A seed that was silent once is asked again all the same: there may be no other.
      if (node.id === self.id || (step === 'pings' && peers.isShunned(now, node))) continue;
      // Measured before means asked before: whoever was nearer is our nearest already.
      if (step === 'pings' && peers.proximityMs(node.id) !== undefined) continue;
      this.#awaited.add(node.id);
      measure(now, node);
    }
    this.#asked = this.#awaited.size;
    if (this.#asked === 0) this.#advance(now);
  }

  // Most have answered: from then on only somebody nearer is waited for.
  #heard(now: Millis): void {
    if (this.#awaited.size <= STRAGGLERS_SHARE * this.#asked) this.#stepEndsAt = Math.min(this.#stepEndsAt, this.#pingedAt + this.#nearerWithinMs());
    if (this.#awaited.size === 0 || now >= this.#stepEndsAt) this.#advance(now);
  }

  // Once we know about where we lie, the few that seem nearest are enough.
  #promising(told: Located): readonly NodeHandle[] {
    const { config, peers } = this.#context;
    const seemsMs = told.nodes.map((_, index) => peers.predictMs(placeAt(told, index)) ?? 0);
    const order = told.nodes.map((_, index) => index).sort((a, b) => (seemsMs[a] ?? 0) - (seemsMs[b] ?? 0));
    const unknown = seemsMs.filter((ms) => ms === 0).length;
    return order.slice(0, unknown + config.searchRowMax).flatMap((index) => told.nodes[index] ?? []);
  }

  #compare(peer: NodeHandle): void {
    if ((this.#context.peers.proximityMs(peer.id) ?? Infinity) < this.#nearestMs()) this.#nearest = peer;
  }

  #nearestMs(): Millis {
    return this.#nearest === undefined ? Infinity : (this.#context.peers.proximityMs(this.#nearest.id) ?? Infinity);
  }

  // From its pings on, a step may still bring somebody nearer for so long.
  #nearerWithinMs(): Millis {
    return Math.min(this.#context.config.searchStepMs, NEARER_SLACK * this.#nearestMs());
  }

  #advance(now: Millis): void {
    if (this.#nearest === undefined) return this.stop();
    switch (this.#step) {
      case 'done':
        return;
      case 'seeds':
        this.#asks = 0;
        return this.#ask(now, 'leaves');
      case 'leaves':
      case 'row':
        if (this.#asks < ASKS_MAX) return this.#ask(now, this.#step);
        // The nearest does not answer: what was found so far must do.
        return this.stop();
      case 'pings':
        if (this.#row > 0) {
          this.#row--;
        } else if (this.#before === this.#nearest.id || ++this.#firstRowRounds >= FIRST_ROW_ROUNDS_MAX) {
          return this.stop();
        }
        this.#asks = 0;
        return this.#ask(now, 'row');
    }
  }

  #ask(now: Millis, step: 'leaves' | 'row'): void {
    if (this.#nearest === undefined) return;
    const { config, peers } = this.#context;
    this.#step = step;
    this.#awaited.clear();
    this.#stepEndsAt = now + Math.min(config.searchStepMs, peers.timeoutMs(this.#nearest.id) * 2 ** this.#asks++);
    const message: TableMessage = step === 'leaves' ? { type: 'leavesRequest', nonce: this.#row } : { type: 'rowRequest', nonce: this.#row, row: this.#row };
    this.#context.send(this.#nearest, message);
  }
}
