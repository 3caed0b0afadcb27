import { percentile } from '../report/percentile.ts';
import { nowMs, readHeader } from './message.ts';
import type { PhaseResult } from './subscriber-protocol.ts';
import { Tally } from './tally.ts';

const QUIET_CHECK_MS = 200;

/** Which messages are counted, at how many subscribers. */
export interface CountedPhase {
  readonly phase: number;
  readonly messages: number;
  readonly subscribers: number;
  /** It ends incomplete when nothing comes for so long, ms. */
  readonly quietMs: number;
  /** `progress` is told after so many more messages at every subscriber. */
  readonly progressEvery?: number;
}

/** Who is told. */
export interface CountingEvents {
  /** Once: all have all, or nothing comes any more. */
  done(result: PhaseResult): void;
  /** Every subscriber has so many. */
  progress?(received: number): void;
}

/** Counts what subscribers get of one phase. */
export class Counting {
  readonly #phase: CountedPhase;
  readonly #events: CountingEvents;
  readonly #progressEvery: number;
  readonly #tallies: readonly Tally[];
  readonly #quietCheck: NodeJS.Timeout;
  #complete = 0;
  #told = 0;
  #gaps = 0;
  #lastMs = nowMs();

  constructor(phase: CountedPhase, events: CountingEvents) {
    this.#phase = phase;
    this.#events = events;
    this.#progressEvery = phase.progressEvery ?? Infinity;
    this.#tallies = Array.from({ length: phase.subscribers }, () => new Tally(phase.messages));
    this.#quietCheck = setInterval(() => {
      if (nowMs() - this.#lastMs > phase.quietMs) this.#end();
    }, QUIET_CHECK_MS);
  }

  /** A message came to a subscriber; `atMs` where several came at one time. */
  take(subscriber: number, message: Uint8Array, atMs = nowMs()): void {
    const header = readHeader(message);
    if (header.phase !== this.#phase.phase) return;
    this.#lastMs = atMs;
    const tally = this.#tallies[subscriber];
    if (tally?.add(header.index, atMs - header.sentMs) !== true) return;
    if (tally.received % this.#progressEvery === 0) this.#tellProgress();
    if (!tally.isComplete) return;
    this.#complete += 1;
    if (this.#complete === this.#tallies.length) this.#end();
  }

  /** The system told that some will not come. */
  gap(): void {
    this.#gaps += 1;
  }

  #tellProgress(): void {
    const received = Math.min(...this.#tallies.map((tally) => tally.received));
    if (received < this.#told + this.#progressEvery) return;
    this.#told = received;
    this.#events.progress?.(received);
  }

  #end(): void {
    clearInterval(this.#quietCheck);
    const total = (of: (tally: Tally) => number): number => this.#tallies.reduce((sum, tally) => sum + of(tally), 0);
    const latenciesMs = Float64Array.from(this.#tallies.flatMap((tally) => [...tally.latenciesMs])).sort();
    this.#events.done({
      phase: this.#phase.phase,
      received: total((tally) => tally.received),
      duplicates: total((tally) => tally.duplicates),
      reordered: total((tally) => tally.reordered),
      gaps: this.#gaps,
      lastMs: this.#lastMs,
      p50Ms: percentile(latenciesMs, 0.5),
      p99Ms: percentile(latenciesMs, 0.99),
    });
  }
}
