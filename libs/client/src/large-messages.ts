import { MESSAGE_BYTES_MAX, type FragmentPlace } from './fragments.ts';
import type { SubscriptionEvent } from './subscription-event.ts';

/** Messages that are put together at the same time, and bytes of all of them: who sends more is not waited for. */
const OPEN_MAX = 64;
const OPEN_BYTES_MAX = 4 * MESSAGE_BYTES_MAX;

type Gap = Extract<SubscriptionEvent, { type: 'gap' }>;

/** What a node tells: messages, parts of large ones, and gaps. */
export type ToldEvent =
  | Gap
  | (Extract<SubscriptionEvent, { type: 'messages' }> & { /** The one message is this part; of which publisher's. */ readonly fragment?: FragmentPlace & { readonly publisher: string } })
  /** This one sequence says that the message under way of that publisher was given up. */
  | { readonly type: 'aborted'; readonly firstSequence: bigint; readonly publisher: string };

/** Sequences from the first up to the last, both included. */
type Range = readonly [first: bigint, last: bigint];

interface Open {
  readonly count: number;
  readonly parts: Uint8Array[];
  readonly sequences: bigint[];
  bytes: number;
}

/**
 * Puts large messages together. A message comes whole, with the sequence of its last part; what will never be whole is told as a gap,
 * never given in part. Pure: the same events in, the same out.
 */
export class LargeMessages {
  readonly #open = new Map<string, Open>(); // oldest first
  #bytes = 0;

  /** The first part of the oldest message that is not whole yet. */
  get firstOpen(): bigint | undefined {
    let first: bigint | undefined;
    for (const { sequences } of this.#open.values()) {
      const [sequence] = sequences;
      if (sequence !== undefined && (first === undefined || sequence < first)) first = sequence;
    }
    return first;
  }

  /** What the reader hears now that the node told this, in order of sequences. */
  take(event: ToldEvent): readonly SubscriptionEvent[] {
    switch (event.type) {
      case 'gap':
        return this.#onGap(event);
      case 'aborted':
        return gaps([...rangesOf(this.#close(event.publisher)), [event.firstSequence, event.firstSequence]]);
      case 'messages': {
        const { fragment, ...whole } = event;
        return fragment === undefined ? [whole] : this.#onPart(whole, fragment);
      }
    }
  }

  /** Nobody knows whether a part is among what is missing; most likely it is. */
  #onGap(gap: Gap): readonly SubscriptionEvent[] {
    const lost = [...this.#open.keys()].flatMap((publisher) => rangesOf(this.#close(publisher)));
    // What comes anew from there on is covered by that gap.
    const before = lost.filter(([first]) => first < gap.firstSequence).map(([first, last]): Range => [first, last < gap.firstSequence ? last : gap.firstSequence - 1n]);
    return [...gaps(before), gap];
  }

  #onPart(told: Extract<SubscriptionEvent, { type: 'messages' }>, { index, count, publisher }: FragmentPlace & { readonly publisher: string }): readonly SubscriptionEvent[] {
    const [part] = told.messages;
    const known = this.#open.get(publisher);
    const fits = known !== undefined && index === known.parts.length && count === known.count;
    const given = index === 0 || !fits ? rangesOf(this.#close(publisher)) : [];
    const range: Range = [told.firstSequence, told.firstSequence];
    if (part === undefined || (index > 0 && !fits)) return gaps([...given, range]);
    const open = fits ? known : this.#begin(publisher, count);
    open.parts.push(part);
    open.sequences.push(told.firstSequence);
    open.bytes += part.length;
    this.#bytes += part.length;
    if (index + 1 === count) return [...gaps(given), this.#finish(told, publisher)];
    return gaps([...given, ...this.#letGo(publisher)]);
  }

  #begin(publisher: string, count: number): Open {
    const open: Open = { count, parts: [], sequences: [], bytes: 0 };
    this.#open.set(publisher, open);
    return open;
  }

  #finish(told: Extract<SubscriptionEvent, { type: 'messages' }>, publisher: string): SubscriptionEvent {
    const open = this.#close(publisher);
    const parts = open?.parts ?? [];
    const message = new Uint8Array(open?.bytes ?? 0);
    let at = 0;
    for (const part of parts) {
      message.set(part, at);
      at += part.length;
    }
    return { ...told, messages: [message], partsFrom: open?.sequences[0] ?? told.firstSequence };
  }

  /** At its bounds the message that is too large goes, else the oldest. */
  #letGo(publisher: string): readonly Range[] {
    const newest = this.#open.get(publisher);
    if (newest !== undefined && newest.bytes > MESSAGE_BYTES_MAX) return rangesOf(this.#close(publisher));
    if (this.#open.size <= OPEN_MAX && this.#bytes <= OPEN_BYTES_MAX) return [];
    for (const oldest of this.#open.keys()) return rangesOf(this.#close(oldest));
    return [];
  }

  #close(publisher: string): Open | undefined {
    const open = this.#open.get(publisher);
    if (open === undefined) return undefined;
    this.#open.delete(publisher);
    this.#bytes -= open.bytes;
    return open;
  }
}

function rangesOf(open: Open | undefined): readonly Range[] {
  return (open?.sequences ?? []).map((sequence): Range => [sequence, sequence]);
}

/** As few gaps as there are runs of sequences. */
function gaps(ranges: readonly Range[]): readonly Gap[] {
  const joined: Range[] = [];
  for (const range of ranges.toSorted((a, b) => (a[0] < b[0] ? -1 : 1))) {
    const before = joined.at(-1);
    if (before !== undefined && range[0] <= before[1] + 1n) joined[joined.length - 1] = [before[0], range[1]];
    else joined.push(range);
  }
  return joined.map(([firstSequence, lastSequence]) => ({ type: 'gap', firstSequence, lastSequence, cause: 'aborted' }));
}
