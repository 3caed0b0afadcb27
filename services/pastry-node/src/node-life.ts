import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@banyan/telemetry';
import type { Drain } from './drain/drain.ts';

/** Something that runs beside the overlay and ends before it. */
export interface Companion {
  start(): void;
  stop(): Promise<void> | void;
}

/** What a life is made of. */
export interface NodeLifeOptions {
  readonly drain: Drain;
  /** Ends what looks for the ring. */
  readonly entry: AbortController;
  /** Brings the node into the ring; resolves when `entry` is aborted. */
  enterRing(): Promise<void>;
  readonly companions: readonly Companion[];
  /** Closes connections, once everything has stopped. */
  close(): void;
  /** How long the drain may take, as configured now, ms. */
  readonly graceMs: () => number;
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

  /** Looks for the ring no more, and is on no list any more. */
  async refuse(): Promise<void> {
    const { entry, companions } = this.#options;
    entry.abort();
    await this.#entering;
    await Promise.all(companions.map((companion) => companion.stop()));
  }

  /** Leaves, unless it was drained before; then the connections go. */
  async beforeApplicationShutdown(): Promise<void> {
    const { close, drain, graceMs, logger } = this.#options;
    await drain.run(graceMs());
    logger.info({ event: 'ring_left' });
    close();
  }
}
