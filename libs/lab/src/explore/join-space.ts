import type { NodeHandle } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';
import { MessagesSeen, type Words } from './messages-seen.ts';
import { NodeStates, type Move } from './node-states.ts';
import { handleAt } from './small-ring.ts';

export interface JoinSpaceSetup {
  /** Places on the ring of 16 ids. The first node begins the ring; the others start, at any time, with it as their seed. */
  readonly digits: readonly number[];
  /** Alarms of each node, at most 3. */
  readonly alarmsMax: number;
}

/**
 * A state of all nodes in words: time, alarms used (two bits a node), the state of each node, then the messages on their
 * way, ascending. Each is a number by which the tables know it.
 */
export type Configuration = readonly number[];

const TIME = 0;
const ALARMS = 1;
const NODES = 2;
const ALARM_BITS = 2;
const NODE_BITS = 3;
const KINDS = { start: 0, alarm: 1, deliver: 2 } as const;
const EVERY_KEY = 0xffff;

/**
 * The graph of all that can happen while nodes join a small ring. Any message on its way may arrive next, in any order or
 * never; any node's alarm may fire next, which moves the one clock to its time at least. A delivery that changes nothing and
 * sends nothing is left out: what follows it can happen while the message still waits. Loss needs no step of its own.
 * Without alarms time stands still, and nodes start at once, one after the other: a start touches nothing but the node, which
 * nobody knows before, so whatever might have happened earlier can happen after it just as well.
 */
export class JoinSpace {
  readonly #setup: JoinSpaceSetup;
  readonly #handles: readonly NodeHandle[];
  readonly #messages = new MessagesSeen();
  readonly #nodes: readonly NodeStates[];
  readonly #times: Millis[] = [0];
  readonly #timeNumbers = new Map<Millis, number>([[0, 0]]);

  constructor(setup: JoinSpaceSetup) {
    this.#setup = setup;
    this.#handles = setup.digits.map(handleAt);
    this.#nodes = this.#handles.map((_, index) => new NodeStates({ handles: this.#handles, index, messages: this.#messages }));
  }

  /** The first node is a ring of its own, the others have not started. */
  first(): Configuration {
    const alone = this.#nodes[0]?.join(0, 0, []).next ?? 0;
    return [0, 0, alone, ...this.#handles.slice(1).map(() => 0)];
  }

  /** Everything that might happen next, each in one word. */
  actions(words: Configuration): readonly number[] {
    const found: number[] = [];
    const sleeping = this.#setup.alarmsMax > 0 ? -1 : this.#nodes.findIndex((_, node) => (words[NODES + node] ?? 0) === 0);
    if (sleeping >= 0) return [code('start', sleeping)];
    this.#nodes.forEach((_, node) => {
      if ((words[NODES + node] ?? 0) === 0) found.push(code('start', node));
      else if (this.#alarmsUsed(words, node) < this.#setup.alarmsMax) found.push(code('alarm', node));
    });
    const firstFlight = NODES + this.#nodes.length;
    for (let at = firstFlight; at < words.length; at++) {
      const message = words[at] ?? 0;
      if (at === firstFlight || words[at - 1] !== message) found.push(code('deliver', this.#messages.get(message).to, message));
    }
    return found;
  }

  /** What comes of an action; undefined: nothing would change. */
  after(words: Configuration, by: number): Configuration | undefined {
    const now = this.#now(words);
    const node = nodeIn(by);
    const states = this.#nodes[node];
    const state = words[NODES + node] ?? 0;
    if (states === undefined) return undefined;
    if ((by & 3) === KINDS.start) return this.#moved(words, { node, move: states.join(state, now, this.#handles.slice(0, 1)) });
    if ((by & 3) === KINDS.alarm) {
      const move = states.alarm(state, now);
      return move === undefined ? undefined : this.#moved(words, { node, move, isAlarm: true });
    }
    const message = messageIn(by);
    const move = states.deliver(state, now, message);
    if (move.next === state && move.sent.length === 0) return undefined;
    return this.#moved(words, { node, move, takenAt: words.indexOf(message, NODES + this.#nodes.length) });
  }

  /** A digest of nodes with times relative to now, alarms used, and messages on their way as a multiset. */
  digest(words: Configuration): Words {
    const now = this.#now(words);
    let [high, low] = mix([words[ALARMS] ?? 0, 0x51ed270b], [0, 0]);
    this.#nodes.forEach((states, node) => {
      [high, low] = mix(states.look(words[NODES + node] ?? 0, now).words, [high, low]);
    });
    let [sumHigh, sumLow] = [0, 0];
    for (let at = NODES + this.#nodes.length; at < words.length; at++) {
      const [h, l] = mix(this.#messages.digestAt(now, words[at] ?? 0), [0x2545f491, 0x4f6cdd1d]);
      sumHigh = (sumHigh + h) | 0;
      sumLow = (sumLow + l) | 0;
    }
    return mix([sumHigh, sumLow], [high, low]);
  }

  /** What does not hold here, as a sentence: two nodes that would deliver one key. */
  faultOf(words: Configuration): string | undefined {
    const keys = this.#keys(words);
    let [covered, twice] = [0, 0];
    for (const own of keys) {
      twice |= covered & own;
      covered |= own;
    }
    if (twice === 0) return undefined;
    return `two nodes would deliver ${keysIn(twice)}: ${keys.map((own, node) => `${this.#name(node)} has ${keysIn(own)}`).join(', ')}`;
  }

  allActive(words: Configuration): boolean {
    return this.#nodes.every((states, node) => states.phase(words[NODES + node] ?? 0) === 'active');
  }

  /** What does not hold when nothing can happen any more and all are active: a key that nobody would deliver, a neighbor unknown. */
  faultAtRest(words: Configuration): string | undefined {
    const free = EVERY_KEY & ~this.#keys(words).reduce((all, own) => all | own, 0);
    if (free !== 0) return `all are active and at rest, and nobody would deliver ${keysIn(free)}`;
    const lacking = this.#nodes.findIndex((states, node) => states.leaves(words[NODES + node] ?? 0) < this.#nodes.length - 1);
    return lacking < 0 ? undefined : `all are active and at rest, and ${this.#name(lacking)} does not know all others`;
  }

  /** An action as a reader and a replay understand it. */
  describe(by: number): string {
    if ((by & 3) === KINDS.start) return `start ${this.#name(nodeIn(by))}`;
    if ((by & 3) === KINDS.alarm) return `alarm ${this.#name(nodeIn(by))}`;
    const { from, to, message } = this.#messages.get(messageIn(by));
    return `${this.#name(from)} > ${this.#name(to)} ${message.type}`;
  }

  /** How much the tables hold, and where two histories with one digest parted: then the search is not sound. */
  figures(): { readonly nodeStates: number; readonly messages: number; readonly flaws: readonly string[] } {
    return {
      nodeStates: this.#nodes.reduce((sum, { size }) => sum + size, 0),
      messages: this.#messages.size,
      flaws: this.#nodes.flatMap(({ flaws }) => flaws),
    };
  }

  #moved(words: Configuration, { node, move, isAlarm, takenAt }: { readonly node: number; readonly move: Move; readonly isAlarm?: true; readonly takenAt?: number }): Configuration {
    const head = words.slice(0, NODES + this.#nodes.length);
    head[TIME] = this.#timeNumber(move.now);
    if (isAlarm === true) head[ALARMS] = (head[ALARMS] ?? 0) + (1 << (ALARM_BITS * node));
    head[NODES + node] = move.next;
    const flights: number[] = [];
    for (let at = head.length; at < words.length; at++) if (at !== takenAt) flights.push(words[at] ?? 0);
    flights.push(...move.sent);
    flights.sort((a, b) => a - b);
    return [...head, ...flights];
  }

  #keys(words: Configuration): readonly number[] {
    const now = this.#now(words);
    return this.#nodes.map((states, node) => states.look(words[NODES + node] ?? 0, now).keys);
  }

  #now(words: Configuration): Millis {
    return this.#times[words[TIME] ?? 0] ?? 0;
  }

  #alarmsUsed(words: Configuration, node: number): number {
    return ((words[ALARMS] ?? 0) >> (ALARM_BITS * node)) & ((1 << ALARM_BITS) - 1);
  }

  #timeNumber(now: Millis): number {
    const known = this.#timeNumbers.get(now);
    if (known !== undefined) return known;
    this.#timeNumbers.set(now, this.#times.length);
    return this.#times.push(now) - 1;
  }

  #name(node: number): string {
    return (this.#setup.digits[node] ?? 0).toString(16);
  }
}

function code(kind: keyof typeof KINDS, node: number, message = 0): number {
  return KINDS[kind] | (node << 2) | (message << (2 + NODE_BITS));
}

function nodeIn(by: number): number {
  return (by >> 2) & ((1 << NODE_BITS) - 1);
}

function messageIn(by: number): number {
  return by >> (2 + NODE_BITS);
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
