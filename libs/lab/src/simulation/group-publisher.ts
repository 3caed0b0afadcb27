import type { Id } from '@banyan/ids';
import type { GroupDescriptor, MulticastCommand, Verified } from '@banyan/multicast';
import type { Millis } from '@banyan/sansio';
import type { Host } from '@banyan/simulator';

const CLIENT = 'lab';
const MESSAGE_BYTES = 200;
const BATCH_MAX = 3;

export interface GroupPublisherOptions {
  readonly group: Id;
  readonly session: string;
  readonly host: Host;
  readonly periodMs: Millis;
  readonly descriptor: Verified<GroupDescriptor>;
  readonly send: (command: MulticastCommand) => void;
}

/** One publishing session as the gRPC service would hold it: contiguous counters, a batch not taken is given again. */
export class GroupPublisher {
  readonly session: string;
  readonly host: Host;
  readonly periodMs: Millis;
  readonly #options: GroupPublisherOptions;
  /** Counter of the next message. */
  #counter = 1;
  readonly #receipted = new Set<number>();
  #isBlocked = false;
  #isGiving = true;
  #isLive = true;

  constructor(options: GroupPublisherOptions) {
    this.#options = options;
    this.session = options.session;
    this.host = options.host;
    this.periodMs = options.periodMs;
  }

  /** False once its node died. */
  get isLive(): boolean {
    return this.#isLive;
  }

  /** Gives the next batch, of one to three messages, unless the window is full. */
  give(): void {
    if (this.#isBlocked || !this.#isGiving) return;
    const { group, session, descriptor, send } = this.#options;
    const counter = this.#counter;
    const count = 1 + (counter % BATCH_MAX);
    this.#counter += count;
    send({ type: 'publish', group, client: CLIENT, session, counter, count, payload: `${session}:${counter}`, bytes: count * MESSAGE_BYTES, descriptor });
  }

  stop(): void {
    this.#isGiving = false;
  }

  die(): void {
    this.#isLive = false;
  }

  /** The batch from `counter` on was not taken. */
  blocked(counter: number): void {
    this.#isBlocked = true;
    this.#counter = Math.min(this.#counter, counter);
  }

  ready(): void {
    this.#isBlocked = false;
  }

  receipted({ counter, count }: { readonly counter: number; readonly count: number }): void {
    for (let i = 0; i < count; i++) this.#receipted.add(counter + i);
  }

  /** What a live publisher still waits for, as a sentence. */
  unfinished(): string | undefined {
    const given = this.#counter - 1;
    if (!this.#isLive || this.#receipted.size === given) return undefined;
    return `${this.session} at host ${this.host} has ${this.#receipted.size} receipts of ${given}`;
  }
}
