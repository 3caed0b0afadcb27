import { OverlayError } from '@banyan/grpc';

/** When one that was refused may come again, ms. */
const RETRY_AFTER_MS = 1_000;

/** Where a client is told to go, and until when the node waits for it. */
export interface Farewell {
  readonly addresses: readonly string[];
  readonly deadlineMs: number;
}

/** A client's stream, as far as a drain knows it. */
export interface AttachedClient {
  /** Tells it where to go. */
  move(farewell: Farewell): void;
  /** Ends it: its time is over. */
  cut(): void;
}

/** The streams of clients that must be told before this node may go. */
export class AttachedClients {
  readonly #clients = new Set<AttachedClient>();
  readonly #max: () => number;
  #isClosed = false;

  /** `max`: so many may be there at once, as configured now. A lower bound ends nobody who is there. */
  constructor(max: () => number) {
    this.#max = max;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** Throws STOPPING while the node leaves, BUSY while it has as many as it may. */
  assertOpen(): void {
    if (this.#isClosed) throw new OverlayError('STOPPING', 'the node leaves the ring; ask another');
    const max = this.#max();
    if (this.#clients.size >= max) throw new OverlayError('BUSY', `this node has ${max} streams of clients open, as many as it takes`, {}, { retryAfterMs: RETRY_AFTER_MS });
  }

  /** Takes no more. */
  refuse(): void {
    this.#isClosed = true;
  }

  /** Notes a stream; returns what forgets it. */
  attach(client: AttachedClient): () => void {
    this.#clients.add(client);
    return () => void this.#clients.delete(client);
  }

  moveAll(farewell: Farewell): void {
    for (const client of [...this.#clients]) client.move(farewell);
  }

  cutAll(): void {
    for (const client of [...this.#clients]) client.cut();
  }
}
