import { setTimeout as pause } from 'node:timers/promises';
import type { Overlay } from '@banyan/host';
import type { Readiness } from '@banyan/service-kit';
import type { Logger } from '@banyan/telemetry';
import type { AttachedClients } from './attached-clients.ts';
import { plannedSteps, type DrainStep, type DrainStepName } from './drain-steps.ts';

/** What a drain is done with. */
export interface DrainParts {
  readonly overlay: Pick<Overlay, 'beginLeave' | 'leaveRing' | 'openLinks' | 'remaining' | 'stop'>;
  readonly readiness: Pick<Readiness, 'beginStop'>;
  readonly clients: AttachedClients;
  /** Ends what runs beside the overlay and keeps it on lists; resolves when the node is off them. */
  refuse(): Promise<void>;
  /** API addresses of nodes that stay. */
  others(): Promise<readonly string[]>;
  readonly logger: Logger;
}

/** How often it is looked what is left, ms. */
const LOOK_MS = 20;
/** How long clients that do not go have at most, ms: a client that knows `Moved` is gone in a few. */
const CLIENTS_MS_MAX = 5_000;
const HURRY_MS = 1_000;

/**
 * Takes the node out of the ring without losing anything, in the seven steps of the protocol, within a grace time. One drain in
 * a node's life: SIGTERM, the API and the admin server ask for the same one, the first asker's grace time holds.
 */
export class Drain {
  readonly #parts: DrainParts;
  #steps: DrainStep[] = [];
  #running: Promise<void> | undefined;
  #startedAt = 0;
  #changed = Promise.withResolvers<void>();
  #isDone = false;

  constructor(parts: DrainParts) {
    this.#parts = parts;
  }

  get isUnderWay(): boolean {
    return this.#running !== undefined;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** All seven as they are now; none before it began. */
  get steps(): readonly DrainStep[] {
    return this.#steps;
  }

  /** Begins, or goes on with the one that runs; resolves when the node has left. */
  run(graceMs: number): Promise<void> {
    return (this.#running ??= this.#run(graceMs));
  }

  /** The steps now and after every change, until the node has left. */
  async *watch(): AsyncGenerator<readonly DrainStep[], void, void> {
    for (;;) {
      const changed = this.#changed.promise;
      yield this.#steps;
      if (this.#isDone) return;
      await changed;
    }
  }

  async #run(graceMs: number): Promise<void> {
    const { overlay, readiness, clients, logger, refuse, others } = this.#parts;
    this.#startedAt = performance.now();
    this.#steps = [...plannedSteps(graceMs)];
    logger.info({ event: 'drain_begun', graceMs });
    const leftMs = (name: DrainStepName): number => this.#leftMs(name);
    readiness.beginStop();
    clients.refuse();
    let onLists = 1;
    void refuse().finally(() => (onLists = 0));
    overlay.beginLeave(leftMs('range'));
    await this.#step('refuse', () => onLists);
    await this.#step('roots', () => overlay.remaining().roots);
    await this.#step('voters', () => overlay.remaining().voters);
    await this.#step('children', () => overlay.remaining().children);
    const clientsMs = Math.min(leftMs('clients'), CLIENTS_MS_MAX);
    if (clients.size > 0) clients.moveAll({ addresses: await others(), deadlineMs: clientsMs });
    await this.#step('clients', () => clients.size, clientsMs);
    clients.cutAll();
    let range = 1;
    void overlay.leaveRing(Math.max(HURRY_MS, leftMs('range'))).finally(() => (range = 0));
    await this.#step('range', () => range);
    const stopping = overlay.stop();
    await this.#step('leave', () => overlay.openLinks);
    await stopping;
    this.#isDone = true;
    this.#tell();
    logger.info({ event: 'drained', tookMs: Math.round(performance.now() - this.#startedAt), late: this.#steps.filter(({ state }) => state === 'late').map(({ name, left }) => ({ name, left })) });
  }

  /** One step: over when `left` says 0, or when its time is. Where nobody stays nobody can take anything over. */
  async #step(name: DrainStepName, left: () => number, withinMs = this.#leftMs(name)): Promise<void> {
    const startedAt = performance.now();
    const elapsed = (): number => Math.round(performance.now() - startedAt);
    for (let count = left(); count > 0 && elapsed() < withinMs; count = left()) {
      this.#note(name, { state: 'running', left: count, elapsedMs: elapsed() });
      await pause(LOOK_MS);
    }
    const count = left();
    this.#note(name, { state: count === 0 ? 'done' : 'late', left: count, elapsedMs: elapsed() });
    const log = { event: 'drain_step', step: name, left: count, tookMs: elapsed() };
    if (count === 0) this.#parts.logger.info(log);
    else this.#parts.logger.warn(log);
  }

  #leftMs(name: DrainStepName): number {
    const step = this.#steps.find((one) => one.name === name);
    return Math.max(0, (step?.deadlineMs ?? 0) - (performance.now() - this.#startedAt));
  }

  #note(name: DrainStepName, change: Pick<DrainStep, 'state' | 'left' | 'elapsedMs'>): void {
    const at = this.#steps.findIndex((step) => step.name === name);
    const before = this.#steps[at];
    if (before === undefined) return;
    this.#steps = this.#steps.with(at, { ...before, ...change });
    if (before.state !== change.state || before.left !== change.left) this.#tell();
  }

  #tell(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }
}
