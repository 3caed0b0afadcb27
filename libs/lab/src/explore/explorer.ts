import { seededRng, type Rng } from '@banyan/sansio';
import type { Progress } from '../report/progress.ts';
import { DigestSet } from './digest-set.ts';
import { JoinSpace, type Configuration, type JoinSpaceSetup } from './join-space.ts';
import { Layer, Words32 } from './layer.ts';

export interface ExplorerSetup extends JoinSpaceSetup {
  /** After so many states the search ends, not exhaustive. */
  readonly statesMax: number;
  /** Random ways from the first state to rest that are tried when the search was not exhaustive. */
  readonly walks: number;
  /** For the walks only. */
  readonly seed: number;
}

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  /** Every state that can be reached was. */
  readonly exhaustive: boolean;
  /** States in which a truth does not hold; nothing is looked for beyond them. */
  readonly violations: number;
  /** A way to one, step by step; the shortest when the search found it, not a walk. */
  readonly counterexample: readonly string[];
  /** States in which nothing can happen any more within the alarms given, and how many of these have all nodes active. */
  readonly atRest: number;
  readonly atRestAllActive: number;
  readonly depth: number;
  readonly walks: number;
  readonly walkedSteps: number;
  /** States of single nodes, over all nodes; messages that differ. */
  readonly nodeStates: number;
  readonly messages: number;
  /** Digests that stood for machines that behave differently: any means that the search was not sound. */
  readonly flaws: readonly string[];
}

const SHOW_EVERY = 4_096;

/**
 * All interleavings of joins on a small ring, breadth first, so that the first violation found is the shortest; states of equal
 * digest are one. Where the bound on states ends the search, random walks go on to the depth that it did not reach.
 * Truth: at most one node would deliver any key. At rest with all active: exactly one, and everybody knows the others.
 * Source: Lu 2013 (what TLC was asked).
 */
export class Explorer {
  readonly #setup: ExplorerSetup;
  readonly #space: JoinSpace;
  readonly #seen = new DigestSet();
  /** For the way to a state: the state before it, and what happened there. */
  readonly #cameFrom = new Words32();
  readonly #cameBy = new Words32();
  #transitions = 0;
  #violations = 0;
  #atRest = 0;
  #atRestAllActive = 0;
  #counterexample: readonly string[] = [];
  #next = new Layer();

  constructor(setup: ExplorerSetup) {
    this.#setup = setup;
    this.#space = new JoinSpace(setup);
  }

  run(progress: Progress): Exploration {
    const { statesMax, walks, seed } = this.#setup;
    this.#discover({ words: this.#space.first(), from: -1, by: -1 });
    let depth = 0;
    for (; this.#next.count > 0 && this.#seen.size < statesMax; depth++) {
      const layer = this.#next;
      this.#next = new Layer();
      for (const { number, words } of layer.states()) {
        this.#expand(number, words);
        if (number % SHOW_EVERY === 0) progress.show(`depth ${depth}`, this.#seen.size, statesMax);
        if (this.#seen.size >= statesMax) break;
      }
    }
    const exhaustive = this.#next.count === 0 && this.#seen.size < statesMax;
    const rng = seededRng(seed);
    let walkedSteps = 0;
    for (let walk = 0; walk < walks && !exhaustive; walk++) {
      if (walk % 64 === 0) progress.show('walks', walk, walks);
      walkedSteps += this.#walk(rng);
    }
    return {
      states: this.#seen.size,
      transitions: this.#transitions,
      exhaustive: exhaustive && this.#violations === 0,
      violations: this.#violations,
      counterexample: this.#counterexample,
      atRest: this.#atRest,
      atRestAllActive: this.#atRestAllActive,
      depth,
      walks: exhaustive ? 0 : walks,
      walkedSteps,
      ...this.#space.figures(),
    };
  }

  #expand(number: number, words: Configuration): void {
    let moved = false;
    for (const by of this.#space.actions(words)) {
      const next = this.#space.after(words, by);
      if (next === undefined) continue;
      moved = true;
      this.#transitions += 1;
      this.#discover({ words: next, from: number, by });
    }
    if (moved) return;
    const fault = this.#rest(words);
    if (fault !== undefined) this.#violated(fault, () => this.#wayTo(number));
  }

  #discover({ words, from, by }: { readonly words: Configuration; readonly from: number; readonly by: number }): void {
    if (!this.#seen.add(...this.#space.digest(words))) return;
    const number = this.#seen.size - 1;
    this.#cameFrom.push(from);
    this.#cameBy.push(by);
    const fault = this.#space.faultOf(words);
    if (fault === undefined) this.#next.push(number, words);
    else this.#violated(fault, () => this.#wayTo(number));
  }

  #rest(words: Configuration): string | undefined {
    this.#atRest += 1;
    if (!this.#space.allActive(words)) return undefined;
    this.#atRestAllActive += 1;
    return this.#space.faultAtRest(words);
  }

  /** One random way to rest; returns its length. */
  #walk(rng: Rng): number {
    let words = this.#space.first();
    const way: number[] = [];
    for (;;) {
      const next = this.#anyStep(rng, words, way);
      const fault = next === undefined ? this.#rest(words) : this.#space.faultOf(next);
      if (fault !== undefined) this.#violated(fault, () => way);
      if (fault !== undefined || next === undefined) return way.length;
      words = next;
    }
  }

  #anyStep(rng: Rng, words: Configuration, way: number[]): Configuration | undefined {
    for (const by of rng.shuffle(this.#space.actions(words))) {
      const next = this.#space.after(words, by);
      if (next === undefined) continue;
      way.push(by);
      return next;
    }
    return undefined;
  }

  #violated(sentence: string, way: () => readonly number[]): void {
    this.#violations += 1;
    if (this.#counterexample.length === 0) this.#counterexample = [...way().map((by) => this.#space.describe(by)), sentence];
  }

  #wayTo(number: number): readonly number[] {
    const way: number[] = [];
    for (let at = number; this.#cameFrom.at(at) >= 0; at = this.#cameFrom.at(at)) way.push(this.#cameBy.at(at));
    return way.reverse();
  }
}
