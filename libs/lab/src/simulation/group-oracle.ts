import type { GapReason, Sequence, StampedFrame } from '@banyan/multicast';

/** What a reliable group did wrong, counted. All zero is what is promised. */
export type GroupVerdict = {
  /** Messages that were receipted to their publisher. */
  readonly receipted: number;
  /** Messages handed to subscribers, over all of them. */
  readonly delivered: number;
  /** A subscriber got something out of order, or twice. */
  readonly disordered: number;
  /** A subscriber was handed a later message without the ones before it, and without a gap that says so. */
  readonly skipped: number;
  /** Gaps told to subscribers, by reason. */
  readonly gaps: Readonly<Partial<Record<GapReason, number>>>;
  /** Two messages carried one sequence. */
  readonly sharedSequences: number;
  /** One message carried two sequences. */
  readonly doubled: number;
  /** Messages of one publisher were numbered out of his order. */
  readonly publisherDisordered: number;
  /** A receipt named another sequence than an earlier one, or than the message was delivered under. */
  readonly receiptsContradicted: number;
  /** Receipted, yet a subscriber that was there all the time never got it. */
  readonly receiptedLost: number;
};

interface Subscriber {
  /** The next sequence it is owed; undefined before its subscription was acknowledged. */
  next: Sequence | undefined;
  first: Sequence;
  /** Ranges it was told not to expect. */
  readonly gaps: { readonly from: Sequence; readonly to: Sequence }[];
  live: boolean;
}

const COMPLAINTS_MAX = 20;

/**
 * Judges one reliable group by what its users see: events at publishers and subscribers, and nothing of the protocol.
 * Messages are known by client, session and counter; subscribers by names the experiment chooses.
 */
export class GroupOracle {
  /** Sentences about what went wrong, the first few. */
  readonly complaints: string[] = [];
  readonly #messageAt = new Map<Sequence, string>();
  readonly #sequenceOf = new Map<string, Sequence>();
  readonly #receipts = new Map<string, Sequence>();
  readonly #subscribers = new Map<string, Subscriber>();
  #delivered = 0;
  #disordered = 0;
  #skipped = 0;
  #sharedSequences = 0;
  #doubled = 0;
  #receiptsContradicted = 0;
  readonly #gaps: Partial<Record<GapReason, number>> = {};

  /** The subscription was acknowledged: everything from `first` on is owed. */
  subscribed(name: string, first: Sequence): void {
    this.#subscribers.set(name, { next: first, first, gaps: [], live: true });
  }

  /** The subscriber died or left: nothing more is owed. */
  subscriberGone(name: string): void {
    const subscriber = this.#subscribers.get(name);
    if (subscriber !== undefined) subscriber.live = false;
  }

  messages(name: string, frame: StampedFrame, from: Sequence): void {
    const subscriber = this.#subscribers.get(name);
    if (subscriber === undefined) {
      this.#disordered += 1;
      this.#complain(`${name} was handed messages before its subscription was acknowledged`);
      return;
    }
    let sequence = frame.firstSequence;
    for (const { client, session, counter, count } of frame.blocks) {
      for (let i = 0; i < count; i++, sequence++) {
        if (sequence < from) continue;
        this.#numbered(sequence, messageName(client, session, counter + i));
        this.#handed(name, subscriber, sequence);
      }
    }
  }

  gap(name: string, { from, to, reason }: { readonly from: Sequence; readonly to: Sequence; readonly reason: GapReason }): void {
    this.#gaps[reason] = (this.#gaps[reason] ?? 0) + 1;
    this.#complain(`${name} was told of a gap from ${from} to ${to}: ${reason}`);
    const subscriber = this.#subscribers.get(name);
    if (subscriber === undefined) return;
    subscriber.gaps.push({ from, to });
    subscriber.next = to;
  }

  receipt({ client, session, counter, count, firstSequence }: {
    readonly client: string;
    readonly session: string;
    readonly counter: number;
    readonly count: number;
    readonly firstSequence: Sequence;
  }): void {
    for (let i = 0; i < count; i++) {
      const message = messageName(client, session, counter + i);
      const sequence = firstSequence + i;
      const before = this.#receipts.get(message) ?? this.#sequenceOf.get(message);
      if (before !== undefined && before !== sequence) {
        this.#receiptsContradicted += 1;
        this.#complain(`${message} was receipted as ${sequence} and known as ${before}`);
      }
      this.#receipts.set(message, sequence);
    }
  }

  /** True when every live subscriber has everything that was receipted from its start on. */
  get isSettled(): boolean {
    const last = Math.max(0, ...this.#receipts.values());
    return [...this.#subscribers.values()].every(({ live, next }) => !live || (next ?? 0) > last);
  }

  verdict(): GroupVerdict {
    return {
      receipted: this.#receipts.size,
      delivered: this.#delivered,
      disordered: this.#disordered,
      skipped: this.#skipped,
      gaps: { ...this.#gaps },
      sharedSequences: this.#sharedSequences,
      doubled: this.#doubled,
      publisherDisordered: this.#countPublisherDisorder(),
      receiptsContradicted: this.#receiptsContradicted,
      receiptedLost: this.#countReceiptedLost(),
    };
  }

  #numbered(sequence: Sequence, message: string): void {
    const known = this.#messageAt.get(sequence);
    if (known !== undefined && known !== message) {
      this.#sharedSequences += 1;
      this.#complain(`${known} and ${message} share sequence ${sequence}`);
    }
    const before = this.#sequenceOf.get(message);
    if (before !== undefined && before !== sequence) {
      this.#doubled += 1;
      this.#complain(`${message} came as ${before} and as ${sequence}`);
    }
    this.#messageAt.set(sequence, message);
    this.#sequenceOf.set(message, sequence);
  }

  #handed(name: string, subscriber: Subscriber, sequence: Sequence): void {
    this.#delivered += 1;
    const due = subscriber.next ?? sequence;
    if (sequence < due) {
      this.#disordered += 1;
      this.#complain(`${name} was handed ${sequence} after ${due - 1}`);
      return;
    }
    if (sequence > due) {
      this.#skipped += sequence - due;
      this.#complain(`${name} was handed ${sequence} when ${due} was due`);
    }
    subscriber.next = sequence + 1;
  }

  #countReceiptedLost(): number {
    let lost = 0;
    for (const [message, sequence] of this.#receipts) {
      for (const [name, { live, first, next, gaps }] of this.#subscribers) {
        const owed = live && sequence >= first;
        const told = gaps.some(({ from, to }) => from <= sequence && sequence < to);
        if (!owed || ((next ?? 0) > sequence && !told)) continue;
        lost += 1;
        this.#complain(`${name} never got ${message}, receipted as ${sequence}; it is at ${next ?? first}`);
      }
    }
    return lost;
  }

  #countPublisherDisorder(): number {
    const lastCounter = new Map<string, number>();
    let disordered = 0;
    for (const [, message] of [...this.#messageAt].sort(([a], [b]) => a - b)) {
      const slash = message.lastIndexOf('/');
      const session = message.slice(0, slash);
      const counter = Number(message.slice(slash + 1));
      if (counter <= (lastCounter.get(session) ?? 0)) disordered += 1;
      lastCounter.set(session, counter);
    }
    return disordered;
  }

  #complain(sentence: string): void {
    if (this.complaints.length < COMPLAINTS_MAX) this.complaints.push(sentence);
  }
}

function messageName(client: string, session: string, counter: number): string {
  return `${client}/${session}/${counter}`;
}
