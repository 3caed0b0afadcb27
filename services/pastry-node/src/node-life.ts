import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { Overlay } from '@banyan/host';
import type { Logger } from '@banyan/telemetry';

/** Something that runs beside the overlay and ends before it. */
export interface Companion {
  start(): void;
  stop(): Promise<void> | void;
}

/** What a life is made of. */
export interface NodeLifeOptions {
  readonly overlay: Overlay;
  /** Ends what looks for the ring. */
  readonly entry: AbortController;
  /** Brings the node into the ring; resolves when `entry` is aborted. */
  enterRing(): Promise<void>;
  readonly companions: readonly Companion[];
  /** Closes connections, once everything has stopped. */
  close(): void;
  /** How long the ring may take to let go, ms. */
  readonly leaveMs: number;
  readonly logger: Logger;
  /** The process cannot go on. */
  readonly fail: (error: unknown) => void;
}

/** The life of a node: it enters the ring when its listeners stand, and leaves it while they still answer. */
export class NodeLife implements BeforeApplicationShutdown {
  readonly #options: NodeLifeOptions;
  #entering: Promise<void> = Promise.resolve();

  constructor(options: NodeLifeOptions) {
    this.#options = options;
  }

  begin(): void {
    for (const companion of this.#options.companions) companion.start();
    this.#entering = this.#options.enterRing().catch(this.#options.fail);
  }

  /** Leaves: off the list first, so that nobody is sent here any more; then the ring; then the connections. */
  async beforeApplicationShutdown(): Promise<void> {
    const { overlay, entry, companions, close, leaveMs, logger } = this.#options;
    entry.abort();
    await this.#entering;
    await Promise.all(companions.map((companion) => companion.stop()));
    await overlay.leave(leaveMs);
    logger.info({ event: 'ring_left' });
    close();
  }
}
