import type { SubscriptionId } from './commands.ts';
import type { Epoch, Sequence } from './epoch.ts';
import type { GapReason, StampedFrame } from './frames.ts';
import type { Receipt } from './messages.ts';

/** One live node's place in one group's tree, by life: id and incarnation as one string. */
export interface TreeEdge {
  readonly node: string;
  readonly parent: string | undefined;
}

/**
 * The first cycle of parent pointers, as the lives on it; undefined: there is none. Must hold after every event.
 * A pointer to a life that is over leads nowhere.
 */
export function findCycle(edges: Iterable<TreeEdge>): readonly string[] | undefined {
  const parents = new Map<string, string>();
  for (const { node, parent } of edges) if (parent !== undefined) parents.set(node, parent);
  const isSafe = new Set<string>();
  for (const start of parents.keys()) {
    const path: string[] = [];
    const onPath = new Set<string>();
    for (let at: string | undefined = start; at !== undefined && !isSafe.has(at); at = parents.get(at)) {
      if (onPath.has(at)) return path.slice(path.indexOf(at));
      onPath.add(at);
      path.push(at);
    }
    for (const node of path) isSafe.add(node);
  }
  return undefined;
}

/**
 * What a group promises its publishers and readers, fed with everything they are told. Each method returns the sentence
 * that turned out false, or undefined.
 */
export interface GroupOracle {
  /** Messages that were receipted. */
  readonly receipted: number;
  /** The sequence after the highest one known. */
  readonly end: Sequence;
  subscribed(reader: SubscriptionId, firstSequence: Sequence): void;
  unsubscribed(reader: SubscriptionId): void;
  receipt(client: string, session: string, receipt: Receipt): string | undefined;
  /** `winner`: the epoch of the newest record that the reader's node knows then. */
  delivered(id: SubscriptionId, frame: StampedFrame, from: Sequence, winner: Epoch | undefined): string | undefined;
  gap(id: SubscriptionId, gap: { readonly from: Sequence; readonly to: Sequence; readonly reason: GapReason }, winner: Epoch | undefined): string | undefined;
  /** Where a reader stands; undefined: it is none. */
  reader(id: SubscriptionId): { readonly next: Sequence } | undefined;
  /** What is still open after faults stopped and time passed. */
  unfinished(): string | undefined;
}

/** One message by who published it. */
function messageName(client: string, session: string, counter: number): string {
  return `${client}/${session}/${counter}`;
}

/** What one reader has been given. */
interface Reader {
  next: Sequence;
  /** Ranges it was told it will not get. */
  readonly gaps: { readonly from: Sequence; readonly to: Sequence; readonly reason: string }[];
}

/**
 * The global truths of one reliable group: one message per sequence and one sequence per message for ever; a reader is
 * given sequence after sequence; in the end every reader has every receipted message.
 */
export class ReliableGroupOracle implements GroupOracle {
  readonly #bySequence = new Map<Sequence, string>();
  readonly #byMessage = new Map<string, Sequence>();
  readonly #receipted = new Map<Sequence, string>();
  readonly #readers = new Map<SubscriptionId, Reader>();

  /** The highest sequence that was receipted or delivered, plus one. */
  get end(): Sequence {
    let end = 1;
    for (const sequence of this.#bySequence.keys()) if (sequence >= end) end = sequence + 1;
    return end;
  }

  get receipted(): number {
    return this.#receipted.size;
  }

  subscribed(reader: SubscriptionId, firstSequence: Sequence): void {
    this.#readers.set(reader, { next: firstSequence, gaps: [] });
  }

  unsubscribed(reader: SubscriptionId): void {
    this.#readers.delete(reader);
  }

  /** A publisher was given a receipt. */
  receipt(client: string, session: string, receipt: Receipt): string | undefined {
    for (let i = 0; i < receipt.count; i++) {
      const name = messageName(client, session, receipt.counter + i);
      const wrong = this.#bind(receipt.firstSequence + i, name);
      if (wrong !== undefined) return wrong;
      this.#receipted.set(receipt.firstSequence + i, name);
    }
    return undefined;
  }

  /** A reader was given messages. */
  delivered(id: SubscriptionId, frame: StampedFrame, from: Sequence): string | undefined {
    const reader = this.#readers.get(id);
    if (reader === undefined) return `reader ${id} got messages before its start`;
    if (from !== reader.next) return `reader ${id} expected ${reader.next} and got ${from}`;
    let sequence = frame.firstSequence;
    for (const block of frame.blocks) {
      for (let i = 0; i < block.count; i++, sequence++) {
        if (sequence < from) continue;
        const wrong = this.#bind(sequence, messageName(block.client, block.session, block.counter + i));
        if (wrong !== undefined) return wrong;
      }
    }
    reader.next = sequence;
    return undefined;
  }

  /** A reader was told a gap. */
  gap(id: SubscriptionId, gap: { readonly from: Sequence; readonly to: Sequence; readonly reason: GapReason }): string | undefined {
    const reader = this.#readers.get(id);
    if (reader === undefined) return `reader ${id} got a gap before its start`;
    if (gap.reason === 'OTHER_EPOCH') return `reader ${id} of a reliable group got messages of a lost branch: ${gap.from}..${gap.to}`;
    if (gap.from !== reader.next || gap.to <= gap.from) return `reader ${id} expected ${reader.next} and got a gap ${gap.from}..${gap.to}`;
    reader.gaps.push(gap);
    reader.next = gap.to;
    return undefined;
  }

  /** Where a reader stands, and what it was told it will not get. */
  reader(id: SubscriptionId): { readonly next: Sequence; readonly gaps: readonly { readonly from: Sequence; readonly to: Sequence }[] } | undefined {
    return this.#readers.get(id);
  }

  /** After faults stopped and time passed: every live reader stands at the end, without gaps. */
  unfinished(): string | undefined {
    const { end } = this;
    for (const [id, reader] of this.#readers) {
      if (reader.next !== end) return `reader ${id} stands at ${reader.next} and not at ${end}`;
      if (reader.gaps.length > 0) return `reader ${id} has gaps ${JSON.stringify(reader.gaps)}`;
    }
    return undefined;
  }

  #bind(sequence: Sequence, name: string): string | undefined {
    const known = this.#bySequence.get(sequence);
    if (known !== undefined && known !== name) return `sequence ${sequence} is ${known} and ${name}`;
    const at = this.#byMessage.get(name);
    if (at !== undefined && at !== sequence) return `message ${name} is at ${at} and at ${sequence}`;
    this.#bySequence.set(sequence, name);
    this.#byMessage.set(name, sequence);
    return undefined;
  }
}
