import type { Id } from '@banyan/ids';
import type { Bound } from '@banyan/sansio';
import type { MulticastCommand, MulticastEvent } from '../commands.ts';
import type { MulticastConfig } from '../config.ts';
import type { GroupDescriptor, Verified } from '../descriptor.ts';
import type { Sequence } from '../epoch.ts';
import { PLACE_BYTES } from '../frames.ts';
import type { StripePort } from './port.ts';
import { ParityWriter } from './parity-writer.ts';
import { dataStripes, hasParity, stripeDescriptor } from './stripe-groups.ts';

type Publish = Extract<MulticastCommand, { type: 'publish' }>;
type Failure = Extract<MulticastEvent, { type: 'publishFailed' }>['reason'];

/** A batch on its way: first its payload into a stripe, then its place into the main tree. */
interface Batch {
  readonly command: Publish;
  readonly stripe: number;
  /** Its counter among the payloads of this session in that stripe. */
  readonly partCounter: number;
  /** Its sequence in the stripe, once that has receipted it. */
  sequence: Sequence | undefined;
  isNumbered: boolean;
}

/** One stripe as this session publishes into it. */
interface Lane {
  readonly descriptor: Verified<GroupDescriptor>;
  nextCounter: number;
}

/**
 * One publisher of a striped group at this node. Each batch goes whole into one stripe, the stripes in turn; when the stripe has
 * receipted it, the main tree numbers a block that names the place. So what has a receipt is kept twice as promised: the place by
 * the main tree's voters, the payload by the stripe's. Deviation from SplitStream, whose source splits one stream of packets.
 */
export class StripedSession {
  readonly group: Id;
  readonly client: string;
  readonly session: string;
  readonly #port: StripePort;
  readonly #config: MulticastConfig;
  readonly #descriptor: Verified<GroupDescriptor>;
  /** The session in the stripes: another one in each life of a node, since its counters start anew. */
  readonly #partSession: string;
  readonly #lanes: readonly Lane[];
  readonly #parity: ParityWriter | undefined;
  /** By counter, as they were given. */
  #batches: Batch[] = [];
  #bytes = 0;
  #nextCounter: number;
  #turn: number;
  #isBlocked = false;
  #isEnded = false;

  constructor(
    port: StripePort,
    config: MulticastConfig,
    { first, descriptor, partSession, firstStripe }: { readonly first: Publish; readonly descriptor: Verified<GroupDescriptor>; readonly partSession: string; readonly firstStripe: number },
  ) {
    this.group = first.group;
    this.client = first.client;
    this.session = first.session;
    this.#port = port;
    this.#config = config;
    this.#descriptor = descriptor;
    this.#partSession = partSession;
    this.#nextCounter = first.counter;
    this.#turn = firstStripe;
    const lanes = dataStripes(descriptor);
    this.#lanes = Array.from({ length: lanes }, (_, index) => ({ descriptor: stripeDescriptor(descriptor, index), nextCounter: 1 }));
    const { client, session } = first;
    if (hasParity(descriptor)) this.#parity = new ParityWriter(port, { descriptor: stripeDescriptor(descriptor, lanes), rowLength: lanes, client, session, partSession });
  }

  /** Keys of the stripes it publishes into. */
  get stripes(): readonly Id[] {
    const parity = this.#parity === undefined ? [] : [this.#parity.stripe];
    return [...this.#lanes.map(({ descriptor }) => descriptor.group), ...parity];
  }

  get partSession(): string {
    return this.#partSession;
  }

  /** Ended by its user, and nothing is on its way. */
  get isOver(): boolean {
    return this.#isEnded && this.#batches.length === 0 && this.#parity?.isEmpty !== false;
  }

  publish(command: Publish): void {
    const { counter, count, bytes } = command;
    if (counter > this.#nextCounter) {
      this.#fail(counter, 'COUNTER_GAP');
      return;
    }
    if (counter < this.#nextCounter && this.#batches.some((batch) => batch.command.counter === counter)) return;
    const { publishWindowBytes, receiptsMax } = this.#config;
    if (this.#batches.length > 0 && (this.#bytes + bytes > publishWindowBytes || this.#batches.length >= receiptsMax)) {
      this.#isBlocked = true;
      this.#port.event({ type: 'publishBlocked', group: this.group, client: this.client, session: this.session, counter });
      return;
    }
    const stripe = this.#turn % this.#lanes.length;
    const lane = this.#lanes[stripe];
    if (lane === undefined) return;
    this.#turn += 1;
    const batch: Batch = { command, stripe, partCounter: lane.nextCounter++, sequence: undefined, isNumbered: false };
    this.#batches.push(batch);
    this.#bytes += bytes;
    this.#nextCounter = Math.max(this.#nextCounter, counter + count);
    this.#parity?.add(command, stripe);
    this.#givePart(batch);
  }

  /** A word about a payload of this session, from its stripe. */
  onPart(stripe: Id, event: Extract<MulticastEvent, { readonly session: string }>): void {
    if (stripe === this.#parity?.stripe) return this.#onParity(this.#parity, event);
    switch (event.type) {
      case 'receipt':
        return this.#onStored(stripe, event.counter, event.firstSequence);
      case 'publishReady':
        for (const batch of this.#batches) if (batch.sequence === undefined && this.#keyOf(batch) === stripe && batch.partCounter >= event.counter) this.#givePart(batch);
        return;
      case 'publishFailed': {
        const lost = this.#batches.find((batch) => this.#keyOf(batch) === stripe && batch.partCounter === event.counter);
        if (lost !== undefined) this.#fail(lost.command.counter, event.reason);
        return;
      }
      case 'publishStalled':
        this.#port.event({ ...event, group: this.group, session: this.session });
        return;
      default:
        return;
    }
  }

  #onParity(parity: ParityWriter, event: Extract<MulticastEvent, { readonly session: string }>): void {
    // What protects is no part of the promise: a parity that is refused is done without.
    if (event.type === 'receipt' || event.type === 'publishFailed') parity.receipted(event.counter);
    else if (event.type === 'publishReady') parity.ready(event.counter);
  }

  /** A word about a block of this session, from the main tree. True: its user is to hear it too. */
  onMain(event: Extract<MulticastEvent, { readonly session: string }>): boolean {
    switch (event.type) {
      case 'receipt':
        this.#settle(event.counter);
        return true;
      case 'publishFailed':
        this.#settle(event.counter);
        return true;
      // The user was held back by this session already.
      case 'publishBlocked':
        for (const batch of this.#batches) if (batch.command.counter >= event.counter) batch.isNumbered = false;
        return false;
      case 'publishReady':
        this.#number();
        return false;
      default:
        return true;
    }
  }

  end(): void {
    this.#isEnded = true;
  }

  /** Lets go of what it has in the trees. */
  close(): void {
    const { client } = this;
    this.#port.command({ type: 'publishEnd', group: this.group, client, session: this.session });
    for (const group of this.stripes) this.#port.command({ type: 'publishEnd', group, client, session: this.#partSession });
  }

  bounds(): readonly Bound[] {
    return [
      { name: 'batches of a striped session', size: this.#batches.length, limit: this.#config.receiptsMax },
      { name: 'parities of a striped session', size: this.#parity?.size ?? 0, limit: 2 * this.#config.receiptsMax },
      // One batch is taken whatever its size.
      { name: 'bytes of a striped session', size: this.#batches.length > 1 ? this.#bytes : 0, limit: this.#config.publishWindowBytes },
    ];
  }

  #givePart({ command, stripe, partCounter }: Batch): void {
    const lane = this.#lanes[stripe];
    if (lane === undefined) return;
    const { client, session, counter, count, payload, bytes } = command;
    const part = { type: 'publish', group: lane.descriptor.group, client, session: this.#partSession, counter: partCounter, count: 1, payload, bytes } as const;
    this.#port.command({ ...part, partOf: { session, counter, count }, descriptor: lane.descriptor });
  }

  #onStored(stripe: Id, partCounter: number, sequence: Sequence): void {
    const batch = this.#batches.find((one) => one.partCounter === partCounter && this.#keyOf(one) === stripe);
    if (batch === undefined) return;
    batch.sequence = sequence;
    this.#parity?.stored(batch.command.counter, sequence);
    this.#number();
  }

  /** Names the places of what is stored to the main tree, in the order of counters. */
  #number(): void {
    for (const batch of this.#batches) {
      const { command, stripe, sequence } = batch;
      if (sequence === undefined) return;
      if (batch.isNumbered) continue;
      batch.isNumbered = true;
      this.#port.command({ ...command, payload: undefined, bytes: PLACE_BYTES, place: { stripe, sequence, bytes: command.bytes }, descriptor: this.#descriptor });
    }
  }

  #settle(counter: number): void {
    const at = this.#batches.findIndex((batch) => batch.command.counter === counter);
    const [batch] = at === -1 ? [] : this.#batches.splice(at, 1);
    if (batch === undefined) return;
    this.#bytes -= batch.command.bytes;
    if (batch.sequence === undefined) this.#parity?.lost(counter);
    if (this.#batches.length === 0) this.#parity?.flush();
    const { publishWindowBytes, receiptsMax } = this.#config;
    if (!this.#isBlocked || this.#bytes > publishWindowBytes / 2 || this.#batches.length > receiptsMax / 2) return;
    this.#isBlocked = false;
    this.#port.event({ type: 'publishReady', group: this.group, client: this.client, session: this.session, counter: this.#nextCounter });
  }

  #fail(counter: number, reason: Failure): void {
    this.#settle(counter);
    this.#port.event({ type: 'publishFailed', group: this.group, client: this.client, session: this.session, counter, reason });
  }

  #keyOf({ stripe }: Batch): Id | undefined {
    return this.#lanes[stripe]?.descriptor.group;
  }
}
