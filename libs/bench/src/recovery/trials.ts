import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@banyan/client';
import type { LocalNetwork } from '@banyan/local-overlay';
import { MessageMaker, nowMs } from '../load/message.ts';
import type { OverlayUnderTest } from '../processes/overlay-under-test.ts';
import { fail, type FailureKind } from './failure.ts';
import { Readers } from './readers.ts';
import { awaited } from './wait.ts';
import { WholeTree, type Role } from './whole-tree.ts';

const GROUP = 'admin/recovery';
const FAN_OUT = 4;
const BATCH_EVERY_MS = 10;
/** Every reader has so many before the signal; publishing goes on for so long after the last reader's first new frame. */
const WARM_MESSAGES = 100;
const AFTER_MS = 500;
/** A picture of the tree that shows the same target for so long is believed. */
const STILL_MS = 2_000;
/** A tree that is not whole, or a reader that has not everything, is given up after so long. */
const PATIENCE_MS = 60_000;

/** One failure: from the signal to the first message sent after it at the last reader; undefined: that never came. */
export interface Trial {
  readonly recoveryMs: number | undefined;
  /** Messages with a receipt that a reader of a living node never got. */
  readonly lost: number;
}

/** Trials on one overlay, one after the other: a reader at every node, one publisher at a node that does not fail. */
export class Trials implements AsyncDisposable {
  readonly #overlay: OverlayUnderTest;
  readonly #network: LocalNetwork | undefined;
  readonly #clients: ReadonlyMap<string, Client>;
  readonly #readers: Readers;
  readonly #tree: WholeTree;
  readonly #maker: MessageMaker;
  readonly #rate: number;
  readonly #signal: AbortSignal;
  #count = 0;

  private constructor(parts: TrialsOptions, clients: ReadonlyMap<string, Client>, readers: Readers, tree: WholeTree) {
    this.#overlay = parts.overlay;
    this.#network = parts.network;
    this.#rate = parts.rate;
    this.#signal = parts.signal;
    this.#maker = new MessageMaker(parts.size, parts.seed);
    this.#clients = clients;
    this.#readers = readers;
    this.#tree = tree;
  }

  static async start(options: TrialsOptions): Promise<Trials> {
    const { local, nodes } = options.overlay;
    const clients = new Map(await Promise.all(nodes.map(async ({ name, api }) => [name, await local.connect({ addresses: [api], patienceMs: PATIENCE_MS })] as const)));
    const [first] = [...clients.values()] as [Client];
    await first.groups.create(GROUP, { fanOutMax: FAN_OUT });
    return new Trials(options, clients, await Readers.start(GROUP, clients), new WholeTree(first, GROUP));
  }

  /** One node of that role fails in that way, and is back afterwards. */
  async run(kind: FailureKind, role: Role): Promise<Trial> {
    const trial = ++this.#count;
    const target = await this.#targetOf(role);
    const publisher = [...this.#clients.keys()].find((name) => name !== target) ?? '';
    const stop = new AbortController();
    this.#readers.begin(trial);
    const publishing = this.#publish(publisher, trial, stop.signal);
    let restore: (() => Promise<void>) | undefined;
    try {
      if ((await awaited(() => this.#readers.fewest() >= WARM_MESSAGES, PATIENCE_MS, this.#signal)) === undefined) throw new Error('a reader does not get what is published before anything failed');
      restore = await fail({ local: this.#overlay.local, network: this.#network }, target, kind);
      const signalledAt = nowMs();
      this.#readers.signalled(signalledAt);
      const newAt = await awaited(() => this.#readers.lastNewAt(target), PATIENCE_MS, this.#signal);
      await pause(AFTER_MS);
      stop.abort();
      const published = await publishing;
      await awaited(() => this.#readers.missing(published, target) === 0, PATIENCE_MS, this.#signal);
      return { recoveryMs: newAt === undefined ? undefined : newAt - signalledAt, lost: this.#readers.missing(published, target) };
    } finally {
      stop.abort();
      if (!this.#signal.aborted) await restore?.();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients.values()) client.close();
    await this.#readers.stop();
  }

  /** The pictures come some time after what they show: one that stays the same for a while is true. */
  async #targetOf(role: Role): Promise<string> {
    const nodes = this.#overlay.nodes.length;
    const pick = (): string | undefined => this.#tree.nodesIn(role, nodes)?.[this.#count % (this.#tree.nodesIn(role, nodes)?.length ?? 1)];
    let [id, since] = [pick(), performance.now()];
    const isStill = (): string | undefined => {
      const now = pick();
      if (now !== id) [id, since] = [now, performance.now()];
      return performance.now() - since > STILL_MS ? id : undefined;
    };
    const found = await awaited(isStill, PATIENCE_MS, this.#signal);
    const name = this.#overlay.local.nodes.find((node) => node.id === found)?.name;
    if (name === undefined) throw new Error(`no tree of ${nodes} nodes came about within ${PATIENCE_MS / 1_000} s`);
    return name;
  }

  /** Publishes at the rate until it is stopped; gives how many messages, all with a receipt. */
  async #publish(name: string, trial: number, stop: AbortSignal): Promise<number> {
    const client = this.#clients.get(name);
    if (client === undefined) throw new Error(`there is no node ${name}`);
    const publisher = await client.publish(GROUP);
    const from = performance.now();
    let published = 0;
    while (!stop.aborted && !this.#signal.aborted) {
      const due = ((performance.now() - from) / 1_000) * this.#rate;
      while (published < due) await publisher.send(this.#maker.make(trial, published++));
      await pause(BATCH_EVERY_MS);
    }
    if (this.#signal.aborted) publisher.abort();
    else await publisher.close();
    return published;
  }
}

/** What trials are made on. */
export interface TrialsOptions {
  readonly overlay: OverlayUnderTest;
  readonly network: LocalNetwork | undefined;
  /** Messages a second, and bytes of one. */
  readonly rate: number;
  readonly size: number;
  readonly seed: number;
  /** Ends the trial that is on. */
  readonly signal: AbortSignal;
}
