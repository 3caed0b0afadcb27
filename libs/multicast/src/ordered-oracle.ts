import type { SubscriptionId } from './commands.ts';
import { compareEpochs, epochText, type Epoch, type Sequence } from './epoch.ts';
import type { GapReason, StampedFrame } from './frames.ts';
import type { GroupOracle } from './invariants.ts';
import type { Receipt } from './messages.ts';

/** One numbered message as a reader holds it. */
interface Reading {
  readonly epoch: Epoch;
  readonly name: string;
}

interface Reader {
  readonly start: Sequence;
  next: Sequence;
  /** By sequence, what it was given and was not taken back. */
  readonly readings: Map<Sequence, Reading>;
  /** The newest epoch that was taken back from it, up to where, and the record that won against it there. */
  lost?: { readonly to: Sequence; readonly epoch: Epoch; readonly winner: Epoch | undefined };
}

/**
 * The global truths of one ordered or best-effort group: within an epoch every sequence is one message and every message
 * has one sequence; a reader is given sequence after sequence, and what it is not given, or what is taken back because
 * another epoch won, is told as a range; what is given anew there is of another epoch, unless a still newer record won that
 * follows the one whose end was taken back. Gaps are counted by reason.
 */
export class OrderedGroupOracle implements GroupOracle {
  readonly gaps = new Map<GapReason, number>();
  readonly #bySequence = new Map<string, string>();
  readonly #byMessage = new Map<string, Sequence>();
  readonly #readers = new Map<SubscriptionId, Reader>();
  readonly #receipted = new Set<string>();

  get receipted(): number {
    return this.#receipted.size;
  }

  get end(): Sequence {
    let end = 1;
    for (const { next } of this.#readers.values()) end = Math.max(end, next);
    return end;
  }

  subscribed(reader: SubscriptionId, firstSequence: Sequence): void {
    this.#readers.set(reader, { start: firstSequence, next: firstSequence, readings: new Map() });
  }

  unsubscribed(reader: SubscriptionId): void {
    this.#readers.delete(reader);
  }

  /** A receipt says no more than that the root numbered it: on a branch that loses it is lost. */
  receipt(client: string, session: string, receipt: Receipt): undefined {
    for (let i = 0; i < receipt.count; i++) this.#receipted.add(nameOf(client, session, receipt.counter + i));
  }

  delivered(id: SubscriptionId, frame: StampedFrame, from: Sequence, winner: Epoch | undefined): string | undefined {
    const reader = this.#readers.get(id);
    if (reader === undefined) return `reader ${id} got messages before its start`;
    if (from !== reader.next) return `reader ${id} expected ${reader.next} and got ${from}`;
    let sequence = frame.firstSequence;
    for (const block of frame.blocks) {
      for (let i = 0; i < block.count; i++, sequence++) {
        if (sequence < from) continue;
        const wrong = this.#take(id, reader, sequence, { epoch: frame.epoch, name: nameOf(block.client, block.session, block.counter + i), winner });
        if (wrong !== undefined) return wrong;
      }
    }
    reader.next = sequence;
    return undefined;
  }

  gap(id: SubscriptionId, gap: { readonly from: Sequence; readonly to: Sequence; readonly reason: GapReason }, winner: Epoch | undefined): string | undefined {
    this.gaps.set(gap.reason, (this.gaps.get(gap.reason) ?? 0) + gap.to - gap.from);
    const reader = this.#readers.get(id);
    if (reader === undefined) return `reader ${id} got a gap before its start`;
    if (gap.to <= gap.from) return `reader ${id} was told an empty gap ${gap.from}..${gap.to}`;
    if (gap.reason === 'OTHER_EPOCH') return this.#takeBack(id, reader, { ...gap, winner });
    if (gap.from !== reader.next) return `reader ${id} expected ${reader.next} and got a gap ${gap.from}..${gap.to}`;
    reader.next = gap.to;
    return undefined;
  }

  reader(id: SubscriptionId): { readonly next: Sequence } | undefined {
    return this.#readers.get(id);
  }

  /** After faults stopped and time passed: all readers stand at one end, and agree on what they hold of the history. */
  unfinished(): string | undefined {
    const { end } = this;
    const winners = new Map<Sequence, { readonly id: SubscriptionId; readonly reading: Reading }>();
    for (const [id, reader] of this.#readers) {
      if (reader.next !== end) return `reader ${id} stands at ${reader.next} and not at ${end}`;
      for (const [sequence, reading] of reader.readings) {
        const known = winners.get(sequence);
        if (known === undefined) winners.set(sequence, { id, reading });
        else if (known.reading.name !== reading.name || compareEpochs(known.reading.epoch, reading.epoch) !== 0) {
          return `at ${sequence} reader ${known.id} holds ${textOf(known.reading)} and reader ${id} ${textOf(reading)}`;
        }
      }
    }
    return undefined;
  }

  #take(id: SubscriptionId, reader: Reader, sequence: Sequence, { winner, ...reading }: Reading & { readonly winner: Epoch | undefined }): string | undefined {
    const inEpoch = epochText(reading.epoch);
    const known = this.#bySequence.get(`${inEpoch} ${sequence}`);
    if (known !== undefined && known !== reading.name) return `sequence ${sequence} of epoch ${inEpoch} is ${known} and ${reading.name}`;
    const at = this.#byMessage.get(`${inEpoch} ${reading.name}`);
    if (at !== undefined && at !== sequence) return `message ${reading.name} of epoch ${inEpoch} is at ${at} and at ${sequence}`;
    const { lost } = reader;
    const isRestored = lost?.winner !== undefined && winner !== undefined && compareEpochs(winner, lost.winner) > 0;
    if (lost !== undefined && sequence < lost.to && compareEpochs(lost.epoch, reading.epoch) === 0 && !isRestored) return `reader ${id} got ${sequence} of epoch ${inEpoch} again, which had lost`;
    this.#bySequence.set(`${inEpoch} ${sequence}`, reading.name);
    this.#byMessage.set(`${inEpoch} ${reading.name}`, sequence);
    reader.readings.set(sequence, reading);
    return undefined;
  }

  #takeBack(id: SubscriptionId, reader: Reader, gap: { readonly from: Sequence; readonly to: Sequence; readonly winner: Epoch | undefined }): string | undefined {
    if (gap.to !== reader.next || gap.from < reader.start) return `reader ${id} stands at ${reader.next} and was told that ${gap.from}..${gap.to} was lost`;
    let epoch: Epoch | undefined;
    for (let sequence = gap.from; sequence < gap.to; sequence++) {
      epoch = reader.readings.get(sequence)?.epoch ?? epoch;
      reader.readings.delete(sequence);
    }
    if (epoch !== undefined) reader.lost = { to: gap.to, epoch, winner: gap.winner };
    reader.next = gap.from;
    return undefined;
  }
}

function nameOf(client: string, session: string, counter: number): string {
  return `${client}/${session}/${counter}`;
}

function textOf({ epoch, name }: Reading): string {
  return `${name} of epoch ${epochText(epoch)}`;
}
