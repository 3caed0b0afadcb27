import { assert, type Millis } from '@banyan/sansio';
import { compareEpochs, epochAt, type EpochRecord, type Sequence } from './epoch.ts';
import type { GapFrame, StampedFrame } from './frames.ts';

/** What a frame counts beyond its payload: its header, and what the machine keeps of it. */
export const FRAME_OVERHEAD_BYTES = 64;

/** What a frame costs in credit and in retention, bytes. */
export function frameCost(frame: StampedFrame | GapFrame): number {
  return frame.type === 'gap' ? FRAME_OVERHEAD_BYTES : frame.bytes + FRAME_OVERHEAD_BYTES * frame.blocks.length;
}

/** One frame, or one known hole, of [from, to). */
export interface Retained {
  readonly frame: StampedFrame | GapFrame;
  readonly from: Sequence;
  readonly to: Sequence;
  readonly cost: number;
  readonly at: Millis;
}

/**
 * The newest part of a group's history, without holes that are not told: [low, next).
 * Frames are kept by reference, never copied; lookup is a binary search.
 */
export class RetentionRing {
  #entries: Retained[] = [];
  #head = 0;
  #bytes = 0;
  #next: Sequence;
  #floor: Sequence = 0;

  /** Starts empty at `next`. */
  constructor(next: Sequence = 1) {
    this.#next = next;
  }

  /** The oldest sequence kept; `next` when empty. */
  get low(): Sequence {
    return this.#entries[this.#head]?.from ?? this.#next;
  }

  /** The sequence after the newest. */
  get next(): Sequence {
    return this.#next;
  }

  /** Everything below was once here and grew too old: no use asking others. */
  get floor(): Sequence {
    return this.#floor;
  }

  /** What the frames cost together. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#entries.length - this.#head;
  }

  /** Forgets everything and starts anew at `next`. */
  reset(next: Sequence): void {
    this.#entries = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#next = next;
    this.#floor = 0;
  }

  /** Adds what follows; an empty ring takes its start from the frame, when that holds `next`. */
  append(frame: StampedFrame | GapFrame, at: Millis): void {
    const entry = retained(frame, at);
    assert(entry.to > this.#next && (this.size === 0 ? entry.from <= this.#next : entry.from === this.#next), 'history is appended without holes');
    this.#entries.push(entry);
    this.#bytes += entry.cost;
    this.#next = entry.to;
  }

  /** Adds older history, which must end at `low`. */
  prepend(entries: readonly Retained[]): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    assert(last.to === this.low, 'older history ends where the ring begins');
    this.#entries = [...entries, ...this.#entries.slice(this.#head)];
    this.#head = 0;
    for (const entry of entries) this.#bytes += entry.cost;
  }

  /** The entry that holds `sequence`. */
  entryFor(sequence: Sequence): Retained | undefined {
    let low = this.#head;
    let high = this.#entries.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const entry = this.#entries[middle];
      if (entry === undefined || sequence < entry.from) high = middle - 1;
      else if (sequence >= entry.to) low = middle + 1;
      else return entry;
    }
    return undefined;
  }

  /**
   * Where the first frame begins that was stamped at `stampMs` or later; `next` when all are older. Stamps grow with sequences, and
   * gaps have none.
   */
  firstStampedAt(stampMs: number): Sequence {
    let first = this.#next;
    for (let i = this.#entries.length - 1; i >= this.#head; i--) {
      const entry = this.#entries[i];
      if (entry === undefined || (entry.frame.type === 'stamped' && entry.frame.stampMs < stampMs)) break;
      first = entry.from;
    }
    return first;
  }

  /** Oldest first. */
  entries(): readonly Retained[] {
    return this.#entries.slice(this.#head);
  }

  /** Bytes of everything at or after `sequence`. */
  bytesFrom(sequence: Sequence): number {
    let bytes = 0;
    for (let i = this.#entries.length - 1; i >= this.#head; i--) {
      const entry = this.#entries[i];
      if (entry === undefined || entry.from < sequence) break;
      bytes += entry.cost;
    }
    return bytes;
  }

  /** Drops everything that reaches `sequence` or beyond; how many messages that were. */
  truncate(sequence: Sequence): number {
    const before = this.#next;
    for (let last = this.#entries.at(-1); this.size > 0 && last !== undefined && last.to > sequence; last = this.#entries.at(-1)) {
      this.#entries.pop();
      this.#bytes -= last.cost;
      this.#next = last.from;
    }
    if (this.size === 0) this.#next = Math.min(this.#next, sequence);
    return before - this.#next;
  }

  /**
   * The first sequence below `limit` that the history ending in `record` numbered in another epoch than the frame here.
   * Looks from the newest back to the first that fits: what fits was preceded by the same history (as in Raft's logs).
   */
  firstMismatch(record: EpochRecord, committed: Sequence, limit: Sequence): Sequence | undefined {
    let mismatch: Sequence | undefined;
    for (let i = this.#entries.length - 1; i >= this.#head; i--) {
      const entry = this.#entries[i];
      if (entry === undefined) break;
      if (entry.from >= limit || entry.frame.type === 'gap') continue;
      const epoch = epochAt(record, entry.from);
      const fits = epoch === undefined ? entry.to <= committed : compareEpochs(epoch, entry.frame.epoch) === 0;
      if (fits) break;
      mismatch = entry.from;
    }
    return mismatch;
  }

  /** Drops the oldest while there are too many bytes or they are too old, but nothing that reaches `keepFrom`, nor the newest. */
  evict(limit: { readonly now: Millis; readonly bytesMax: number; readonly ageMsMax: Millis; readonly keepFrom: Sequence }): void {
    while (this.size > 1) {
      const oldest = this.#entries[this.#head];
      if (oldest === undefined || oldest.to > limit.keepFrom) break;
      if (this.#bytes <= limit.bytesMax && limit.now - oldest.at <= limit.ageMsMax) break;
      this.#head++;
      this.#bytes -= oldest.cost;
      this.#floor = oldest.to;
    }
    if (this.#head > 64 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }
}

function retained(frame: StampedFrame | GapFrame, at: Millis): Retained {
  const cost = frameCost(frame);
  return frame.type === 'gap'
    ? { frame, from: frame.from, to: frame.to, cost, at }
    : { frame, from: frame.firstSequence, to: frame.firstSequence + frame.count, cost, at };
}
