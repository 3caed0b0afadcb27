import { earliest, type Bound, type Millis } from '@banyan/sansio';
import type { MulticastEvent, SubscriptionId } from '../commands.ts';
import type { DeliveryClass, GroupDescriptor, Verified } from '../descriptor.ts';
import type { Sequence } from '../epoch.ts';
import type { Block, GapReason, StampedFrame } from '../frames.ts';
import type { StripePort } from './port.ts';
import { StripeCursor } from './stripe-cursor.ts';
import { ParityRows } from './parity-rows.ts';
import { dataStripes, hasParity, stripeCount, stripeDescriptor } from './stripe-groups.ts';

/**
 * A payload that is named was stored in its stripe before, so it is on its way, or its stripe tells that it is lost. One of which
 * neither becomes true (another epoch of the stripe may have cut it off) is given up after so long: the surer the promise, the later.
 */
const PATIENCE_MS: Readonly<Record<DeliveryClass, Millis>> = { 'best-effort': 2_000, ordered: 15_000, reliable: 60_000 };
/** A payload that is so late is rebuilt, where the group has a parity and everything else of its row is here. */
const REBUILD_MS: Millis = 100;
/** A payload that nobody names was published by one who died before he could, or twice. */
const ORPHAN_MS: Millis = 15_000;
/** Blocks of the main tree that wait: its window counts `PLACE_BYTES` for each. */
const WAITING_MAX = 1_000_000;

type ReaderEvent = Extract<MulticastEvent, { readonly subscription: SubscriptionId }>;

/** What the main tree told and the reader is to hear, in order. */
type Item =
  | { readonly type: 'block'; readonly frame: StampedFrame; readonly block: Block; readonly first: Sequence; readonly from: Sequence }
  | { readonly type: 'gap'; readonly from: Sequence; readonly to: Sequence; readonly reason: GapReason }
  | { readonly type: 'ended'; readonly event: ReaderEvent };

/**
 * One subscription of a striped group: the main tree says what follows what, the stripes bring the payloads, and the reader hears
 * both as one stream. Nothing overtakes: a payload that is late holds up what follows, for as long as the group's promise asks.
 */
export class StripedReader {
  readonly subscription: SubscriptionId;
  readonly #port: StripePort;
  readonly #descriptor: Verified<GroupDescriptor>;
  readonly #windowBytes: number;
  readonly #cursors: readonly StripeCursor[];
  readonly #parity: ParityRows | undefined;
  #items: Item[] = [];
  #outstandingBytes = 0;
  /** Since when the first item waits for its payload. */
  #awaitingSince: Millis | undefined;
  /** When payloads that nobody named are looked for; undefined: none waits. */
  #lookAt: Millis | undefined;
  #dueAt: Millis | undefined;

  constructor(port: StripePort, { subscription, descriptor, windowBytes, newId }: { readonly subscription: SubscriptionId; readonly descriptor: Verified<GroupDescriptor>; readonly windowBytes: number; readonly newId: () => SubscriptionId }) {
    this.subscription = subscription;
    this.#port = port;
    this.#descriptor = descriptor;
    this.#windowBytes = windowBytes;
    this.#cursors = Array.from({ length: stripeCount(descriptor) }, (_, index) => new StripeCursor(port, { descriptor: stripeDescriptor(descriptor, index), windowBytes, newId }));
    const parity = hasParity(descriptor) ? this.#cursors[dataStripes(descriptor)] : undefined;
    if (parity !== undefined) this.#parity = new ParityRows(parity, windowBytes);
  }

  /** Takes its places in the stripes. */
  open(): void {
    for (const cursor of this.#cursors) cursor.open();
  }

  /** The cursor that reads by a subscription of its own. */
  cursorOf(subscription: SubscriptionId): StripeCursor | undefined {
    return this.#cursors.find((cursor) => cursor.subscription === subscription);
  }

  close(): void {
    for (const cursor of this.#cursors) cursor.close();
    this.#items = [];
  }

  /** A word of the main tree, later than `subscribed`. */
  onMain(event: ReaderEvent): void {
    if (event.type === 'anycastOffer') {
      this.#port.event(event);
      return;
    }
    if (event.type === 'messages') this.#addBlocks(event.frame, event.from);
    else if (event.type === 'gap') this.#addGap(event);
    else this.#items.push({ type: 'ended', event });
    this.pump();
  }

  consumed(bytes: number): void {
    this.#outstandingBytes = Math.max(0, this.#outstandingBytes - bytes);
    this.pump();
  }

  tick(): void {
    for (const cursor of this.#cursors) cursor.tick();
    if (this.#lookAt !== undefined && this.#lookAt <= this.#port.now) this.#dropOrphans();
    this.pump();
  }

  /** As the last word left it. */
  deadline(): Millis | undefined {
    return this.#dueAt;
  }

  /** Tells the reader what is next and there, while its window takes it. */
  pump(): void {
    this.#parity?.look();
    while (this.#outstandingBytes < this.#windowBytes) {
      const [item] = this.#items;
      if (item === undefined || !this.#tell(item)) break;
      this.#items.shift();
      this.#awaitingSince = undefined;
    }
    this.#giveBack();
    const { now } = this.#port;
    if (this.#waitingBytes === 0) this.#lookAt = undefined;
    else this.#lookAt ??= now + ORPHAN_MS;
    this.#dueAt = earliest(this.#awaitingUntil, this.#lookAt, ...this.#cursors.map((cursor) => cursor.deadline()));
  }

  bounds(): readonly Bound[] {
    return [
      ...(this.#parity?.bounds() ?? []),
      { name: 'blocks that wait for a payload', size: this.#items.length, limit: WAITING_MAX },
      // Every stripe may have filled its own window before the first payload that is wanted came.
      { name: 'bytes that wait to be named', size: this.#waitingBytes, limit: 2 * (this.#cursors.length + 1) * (this.#windowBytes + 1_048_576) },
    ];
  }

  get #waitingBytes(): number {
    return this.#cursors.reduce((total, { bytes }) => total + bytes, 0);
  }

  get #patienceMs(): Millis {
    return PATIENCE_MS[this.#descriptor.delivery];
  }

  /** When what is waited for is rebuilt if that can be, then given up. */
  get #awaitingUntil(): Millis | undefined {
    const since = this.#awaitingSince;
    if (since === undefined) return undefined;
    return this.#parity !== undefined && this.#port.now < since + REBUILD_MS ? since + REBUILD_MS : since + this.#patienceMs;
  }

  /** False: it must wait. */
  #tell(item: Item): boolean {
    switch (item.type) {
      case 'gap':
        this.#tellGap(item);
        return true;
      case 'ended':
        this.#port.event(item.event);
        this.close();
        return true;
      case 'block':
        return this.#tellBlock(item);
    }
  }

  #tellBlock(item: Extract<Item, { type: 'block' }>): boolean {
    const { block, first, from } = item;
    const { place } = block;
    const cursor = place === undefined ? undefined : this.#cursors[place.stripe];
    if (place === undefined || cursor === undefined) {
      if (place === undefined) this.#deliver(item, block);
      else this.#tellGap({ from: Math.max(first, from), to: first + block.count, reason: 'DROPPED' });
      return true;
    }
    const found = cursor.find(place);
    const isHere = found.type === 'here' && isPartOf(found.block, block);
    if (found.type === 'awaited') this.#awaitingSince ??= this.#port.now;
    const isLate = found.type !== 'awaited' || this.#port.now - (this.#awaitingSince ?? 0) >= REBUILD_MS;
    const remade = !isHere && isLate ? this.#parity?.rebuild(block, this.#cursors) : undefined;
    if (found.type === 'awaited' && remade === undefined) {
      if (this.#port.now - (this.#awaitingSince ?? 0) < this.#patienceMs) return false;
    }
    cursor.take(place.sequence);
    this.#port.command({ type: 'consumed', subscription: this.subscription, bytes: block.bytes });
    // In a group that may lose another epoch of the stripe may have numbered another payload there.
    const whole = isHere ? found.block : remade;
    this.#parity?.told(block, whole?.payload, whole?.bytes ?? 0);
    if (whole !== undefined) this.#deliver(item, { ...block, payload: whole.payload, bytes: whole.bytes });
    else this.#tellGap({ from: Math.max(first, from), to: first + block.count, reason: found.type === 'lost' ? reasonHere(found.reason) : 'DROPPED' });
    return true;
  }

  #deliver({ frame, first, from }: Extract<Item, { type: 'block' }>, block: Block): void {
    const { place: _place, ...whole } = block;
    this.#outstandingBytes += block.bytes;
    this.#port.event({ type: 'messages', subscription: this.subscription, frame: { ...frame, firstSequence: first, count: block.count, blocks: [whole], bytes: block.bytes }, from: Math.max(first, from) });
  }

  #tellGap(gap: { readonly from: Sequence; readonly to: Sequence; readonly reason: GapReason }): void {
    this.#port.event({ type: 'gap', subscription: this.subscription, group: this.#descriptor.group, from: gap.from, to: gap.to, reason: gap.reason });
  }

  #addBlocks(frame: StampedFrame, from: Sequence): void {
    let first = frame.firstSequence;
    for (const block of frame.blocks) {
      if (first + block.count > from) this.#items.push({ type: 'block', frame, block, first, from });
      else this.#port.command({ type: 'consumed', subscription: this.subscription, bytes: block.bytes });
      first += block.count;
    }
  }

  /** What was taken back and was not told yet is no gap. */
  #addGap({ from, to, reason }: Extract<ReaderEvent, { type: 'gap' }>): void {
    if (reason !== 'OTHER_EPOCH') {
      this.#items.push({ type: 'gap', from, to, reason });
      return;
    }
    const untold = this.#items.findIndex((item) => item.type === 'block' && item.first >= from);
    const firstUntold = this.#items[untold];
    if (untold !== -1) this.#items = this.#items.slice(0, untold);
    const told = firstUntold?.type === 'block' ? firstUntold.first : to;
    if (told > from) this.#items.push({ type: 'gap', from, to: told, reason });
  }

  /** The stripes go on while not too much waits; the one whose payload is wanted goes on in any case. */
  #giveBack(): void {
    const wanted = this.#items[0];
    const stripe = wanted?.type === 'block' ? wanted.block.place?.stripe : undefined;
    const isRoomy = this.#waitingBytes <= this.#windowBytes;
    this.#cursors.forEach((cursor, index) => {
      if (isRoomy || (index === stripe && this.#outstandingBytes < this.#windowBytes)) cursor.giveBack();
    });
  }

  #dropOrphans(): void {
    const named = this.#cursors.map(() => new Set<Sequence>());
    for (const item of this.#items) if (item.type === 'block' && item.block.place !== undefined) named[item.block.place.stripe]?.add(item.block.place.sequence);
    this.#cursors.forEach((cursor, index) => cursor.dropBefore(this.#port.now - ORPHAN_MS, (sequence) => named[index]?.has(sequence) === true));
    this.#lookAt = undefined;
  }
}

/** What another epoch of the stripe took back comes anew there, but not here, where its place is numbered already. */
function reasonHere(reason: GapReason): GapReason {
  return reason === 'OTHER_EPOCH' ? 'DROPPED' : reason;
}

function isPartOf(part: Block, block: Block): boolean {
  return part.client === block.client && part.partOf?.session === block.session && part.partOf.counter === block.counter;
}
