import type { NodeHandle } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';
import type { Progress } from '../report/progress.ts';
import { DigestSet } from './digest-set.ts';
import { Layer, Words32 } from './layer.ts';
import { MessagesSeen, type Words } from './messages-seen.ts';
import { NodeStates, type Move } from './node-states.ts';
import { handleAt } from './small-ring.ts';

export interface ExplorerSetup {
  /** Places on the ring of 16 ids. The first node begins the ring; the others start, at any time, with it as their seed. */
  readonly digits: readonly number[];
  /** Alarms of each node. */
  readonly alarmsMax: number;
  /** After so many states the search ends, not exhaustive. */
  readonly statesMax: number;
}

/** A thing that may happen next. */
export type Action =
  | { readonly type: 'start'; readonly node: number }
  | { readonly type: 'alarm'; readonly node: number }
  | { readonly type: 'deliver'; readonly node: number; readonly message: number };

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  /** Every state that can be reached was. */
  readonly exhaustive: boolean;
  /** States in which a truth does not hold; nothing is looked for beyond them. */
  readonly violations: number;
  /** The shortest way to one, step by step. */
  readonly counterexample: readonly string[];
  /** States in which nothing can happen any more. */
  readonly quiescent: number;
  /** Of these: every node is active. */
  readonly allActive: number;
  readonly depth: number;
  /** States of single nodes, over all nodes; messages that differ. */
  readonly nodeStates: number;
  readonly messages: number;
  /** Digests that stood for machines that behave differently: none, or the search was not sound. */
  readonly flaws: readonly string[];
}

// A state in words: time, alarms used (two bits a node), the state of each node, then the messages on their way, ascending.
const TIME = 0;
const ALARMS = 1;
const NODES = 2;
const ALARM_BITS = 2;
const SHOW_EVERY = 10_000;
const NODE_BITS = 3;

/**
 * All interleavings of joins on a small ring, breadth first, so that the first violation found is the shortest. Any message on
 * its way may arrive next, in any order or never; any node's alarm may fire next, which moves the clock to its time at least.
 * States are merged by a 64-bit digest of: every node's state with times relative to now, messages on their way as a multiset
 * (relative too), alarms used. A delivery that changes nothing and sends nothing is left out: what follows it can happen while
 * the message still waits. Loss needs no step of its own: a message may wait for ever.
 * Truth: at most one node would deliver any key. At rest with all active: exactly one, and neighbors know each other.
 * Sources: papers.md section 3 (no. 1); Lu 2013 (what TLC was asked).
 */
export class Explorer {
  readonly #setup: ExplorerSetup;
  readonly #handles: readonly NodeHandle[];
  readonly #messages = new MessagesSeen();
  readonly #nodes: readonly NodeStates[];
  readonly #times: Millis[] = [0];
  readonly #timeNumbers = new Map<Millis, number>([[0, 0]]);
  readonly #seen = new DigestSet();
  /** For the way to a state: the state before it, and what happened there. */
  readonly #cameFrom = new Words32();
  readonly #cameBy = new Words32();
  #transitions = 0;
  #violations = 0;
  #quiescent = 0;
  #allActive = 0;
  #counterexample: readonly string[] = [];
  #next = new Layer();

  constructor(setup: ExplorerSetup) {
    this.#setup = setup;
    this.#handles = setup.digits.map(handleAt);
    this.#nodes = this.#handles.map((_, index) => new NodeStates({ handles: this.#handles, index, messages: this.#messages }));
  }

  run(progress: Progress): Exploration {
    const first = this.#nodes[0]?.join(0, 0, []).next ?? 0;
    this.#discover({ words: [0, 0, first, ...this.#handles.slice(1).map(() => 0)], from: -1, by: -1 });
    let depth = 0;
    let complete = true;
    while (this.#next.count > 0 && complete) {
      const layer = this.#next;
      this.#next = new Layer();
      for (const { number, words } of layer.states()) {
        this.#expand(number, words);
        if (this.#seen.size % SHOW_EVERY === 0) progress.show(`depth ${depth}`, this.#seen.size, this.#setup.statesMax);
        if (this.#seen.size >= this.#setup.statesMax) complete = false;
        if (!complete) break;
      }
      depth += 1;
    }
    return {
      states: this.#seen.size,
      transitions: this.#transitions,
      exhaustive: complete && this.#violations === 0,
      violations: this.#violations,
      counterexample: this.#counterexample,
      quiescent: this.#quiescent,
      allActive: this.#allActive,
      depth,
      nodeStates: this.#nodes.reduce((sum, { size }) => sum + size, 0),
      messages: this.#messages.size,
      flaws: this.#nodes.flatMap(({ flaws }) => flaws),
    };
  }

  #expand(number: number, words: readonly number[]): void {
    const now = this.#times[words[TIME] ?? 0] ?? 0;
    let moved = false;
    this.#nodes.forEach((states, node) => {
      const state = words[NODES + node] ?? 0;
      if (state === 0 && node > 0) {
        moved = true;
        this.#follow({ number, words, node, move: states.join(state, now, this.#handles.slice(0, 1)), by: code('start', node) });
        return;
      }
      const alarms = this.#alarmsUsed(words, node);
      const move = alarms < this.#setup.alarmsMax ? states.alarm(state, now) : undefined;
      if (move === undefined) return;
      moved = true;
      this.#follow({ number, words, node, move, by: code('alarm', node), alarm: true });
    });
    for (let at = NODES + this.#nodes.length; at < words.length; at++) {
      const message = words[at] ?? 0;
      if (words[at - 1] === message && at > NODES + this.#nodes.length) continue;
      const node = this.#messages.get(message).to;
      const state = words[NODES + node] ?? 0;
      const move = this.#nodes[node]?.deliver(state, now, message);
      if (move === undefined || (move.next === state && move.sent.length === 0)) continue;
      moved = true;
      this.#follow({ number, words, node, move, by: code('deliver', node, message), taken: at });
    }
    if (!moved) this.#atRest(number, words, now);
  }

  #follow(step: { readonly number: number; readonly words: readonly number[]; readonly node: number; readonly move: Move; readonly by: number; readonly alarm?: true; readonly taken?: number }): void {
    const { number, words, node, move, by, alarm, taken } = step;
    this.#transitions += 1;
    const head = words.slice(0, NODES + this.#nodes.length);
    head[TIME] = this.#timeNumber(move.now);
    if (alarm === true) head[ALARMS] = (head[ALARMS] ?? 0) + (1 << (ALARM_BITS * node));
    head[NODES + node] = move.next;
    const flights: number[] = [];
    for (let at = head.length; at < words.length; at++) if (at !== taken) flights.push(words[at] ?? 0);
    flights.push(...move.sent);
    flights.sort((a, b) => a - b);
    this.#discover({ words: [...head, ...flights], from: number, by });
  }

  #discover({ words, from, by }: { readonly words: readonly number[]; readonly from: number; readonly by: number }): void {
    const now = this.#times[words[TIME] ?? 0] ?? 0;
    const looks = this.#nodes.map((states, node) => states.look(words[NODES + node] ?? 0, now));
    let [high, low] = mix([words[ALARMS] ?? 0, 0x51ed270b], [0, 0]);
    for (const look of looks) [high, low] = mix(look.words, [high, low]);
    let [sumHigh, sumLow] = [0, 0];
    for (let at = NODES + this.#nodes.length; at < words.length; at++) {
      const [h, l] = mix(this.#messages.digestAt(now, words[at] ?? 0), [0x2545f491, 0x4f6cdd1d]);
      sumHigh = (sumHigh + h) | 0;
      sumLow = (sumLow + l) | 0;
    }
    [high, low] = mix([sumHigh, sumLow], [high, low]);
    if (!this.#seen.add(high, low)) return;
    const number = this.#seen.size - 1;
    this.#cameFrom.push(from);
    this.#cameBy.push(by);
    let covered = 0;
    let twice = 0;
    for (const { keys } of looks) {
      twice |= covered & keys;
      covered |= keys;
    }
    if (twice === 0) this.#next.push(number, words);
    else this.#violated(number, `two nodes would deliver ${keysIn(twice)}: ${looks.map(({ keys }, node) => `${this.#name(node)} has ${keysIn(keys)}`).join(', ')}`);
  }

  // Nothing can happen any more within the alarms given.
  #atRest(number: number, words: readonly number[], now: Millis): void {
    this.#quiescent += 1;
    const phases = this.#nodes.map((states, node) => states.phase(words[NODES + node] ?? 0));
    if (!phases.every((phase) => phase === 'active')) return;
    this.#allActive += 1;
    const covered = this.#nodes.reduce((keys, states, node) => keys | states.look(words[NODES + node] ?? 0, now).keys, 0);
    if (covered !== 0xffff) this.#violated(number, `all are active and at rest, and nobody would deliver ${keysIn(0xffff & ~covered)}`);
  }

  #violated(number: number, sentence: string): void {
    this.#violations += 1;
    if (this.#counterexample.length > 0) return;
    this.#counterexample = [...this.#wayTo(number), sentence];
  }

  #wayTo(number: number): readonly string[] {
    const actions: number[] = [];
    for (let at = number; this.#cameFrom.at(at) >= 0; at = this.#cameFrom.at(at)) actions.push(this.#cameBy.at(at));
    return actions.reverse().map((by) => this.#describe(by));
  }

  #describe(by: number): string {
    const node = (by >> 2) & ((1 << NODE_BITS) - 1);
    if ((by & 3) === KINDS.start) return `start ${this.#name(node)}`;
    if ((by & 3) === KINDS.alarm) return `alarm ${this.#name(node)}`;
    const { from, to, message } = this.#messages.get(by >> (2 + NODE_BITS));
    return `${this.#name(from)} > ${this.#name(to)} ${message.type}`;
  }

  #name(node: number): string {
    return (this.#setup.digits[node] ?? 0).toString(16);
  }

  #alarmsUsed(words: readonly number[], node: number): number {
    return ((words[ALARMS] ?? 0) >> (ALARM_BITS * node)) & ((1 << ALARM_BITS) - 1);
  }

  #timeNumber(now: Millis): number {
    const known = this.#timeNumbers.get(now);
    if (known !== undefined) return known;
    this.#timeNumbers.set(now, this.#times.length);
    return this.#times.push(now) - 1;
  }
}

const KINDS = { start: 0, alarm: 1, deliver: 2 } as const;

function code(kind: keyof typeof KINDS, node: number, message = 0): number {
  return KINDS[kind] | (node << 2) | (message << (2 + NODE_BITS));
}

function keysIn(keys: number): string {
  const digits = Array.from({ length: 16 }, (_, digit) => digit).filter((digit) => (keys >> digit) & 1);
  return digits.length === 0 ? 'none' : digits.map((digit) => digit.toString(16)).join('');
}

// Two lanes of MurmurHash3's finalizer, each fed with both words.
function mix([high, low]: Words, [wasHigh, wasLow]: Words): Words {
  return [finish(Math.imul(wasHigh, 31) ^ high ^ Math.imul(low, 0x9e3779b1)), finish(Math.imul(wasLow, 37) ^ low ^ Math.imul(high, 0x85ebca77))];
}

function finish(word: number): number {
  let z = word | 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
}
