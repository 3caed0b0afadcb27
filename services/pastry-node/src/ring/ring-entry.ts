import { setTimeout as pause } from 'node:timers/promises';
import { OverlayError, type Reason } from '@banyan/grpc';
import type { Overlay } from '@banyan/host';
import type { NodeHandle } from '@banyan/kbr';
import type { JoinFailure, Logger } from '@banyan/telemetry';
import type { SupernodeList } from './supernode-list.ts';

/** Nodes that are asked who they are before one joins through the nearest of those that answer. */
const ASKED_MAX = 5;
/** Answers that waiting does not mend. */
const REFUSALS: ReadonlySet<Reason> = new Set(['VERSION_UNSUPPORTED', 'CERTIFICATE_REVOKED', 'CERTIFICATE_INVALID', 'CERTIFICATE_UNTRUSTED']);
/** How long each may take, ms. */
const ASK_TIMEOUT_MS = 2_000;
/** Pause before looking again when nobody was found, ms; it grows to the greatest. */
const LOOK_AGAIN_MS = 250;
const LOOK_AGAIN_MS_MAX = 5_000;
/** How long a join through nodes that answered may take before others are looked for, ms. */
export const JOIN_TIMEOUT_MS = 15_000;
/** How long nobody may be found before that counts as a failure, ms: in a cluster that starts at once the first node may come late. */
export const LOOK_TIMEOUT_MS = 60_000;
/** How often the list on disk is renewed once the node is in the ring, ms. */
const REFRESH_MS = 60_000;
/** Pause of a node that is alone before it looks for others again, ms; it grows to the greatest, at random by half of it. */
const ALONE_MS = 1_000;
const ALONE_MS_MAX = 30_000;
/** At every so many-th renewal a node that has neighbors names others to its machine, which looks whether they are of its ring. */
const NAMED_EVERY = 10;

/** Where a node looks for others. */
export interface EntryOptions {
  readonly overlay: Pick<Overlay, 'discover' | 'start' | 'whenReady' | 'self' | 'isAlone'>;
  /** The bootstrap service's list of control addresses; undefined when it does not answer. */
  list(): Promise<readonly string[] | undefined>;
  readonly kept: SupernodeList;
  /** Control addresses from the settings. */
  readonly seeds: readonly string[];
  /** Whether to start a ring when nobody answers. */
  readonly startsRing: boolean;
  /** How long one attempt may take before it failed, ms: to join through those found, and to find anybody. */
  readonly attemptMs: { readonly join: number; readonly look: number };
  /** An attempt failed; the next one has begun. */
  failed(reason: JoinFailure): void;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * Brings a node into the ring and keeps the list of live nodes on disk fresh. It asks the bootstrap service, else its
 * last good list, else the seeds of its settings; five that are named are asked who they are, and the machine joins
 * through the nearest of those that answer. When nobody does, a node that is to be first starts a ring; any other waits
 * and says so. A node that is alone in its ring goes on looking: so two first nodes find each other. Resolves when
 * `signal` is aborted.
 */
export async function enterRing(options: EntryOptions): Promise<void> {
  const { overlay, logger, signal } = options;
  const attempt = new Attempt(options);
  try {
    for (let waitMs = LOOK_AGAIN_MS; ; waitMs = Math.min(waitMs * 2, LOOK_AGAIN_MS_MAX)) {
      const found = await findNodes(options, attempt);
      if (found.length > 0 || options.startsRing) {
        logger.info({ event: found.length > 0 ? 'joining' : 'ring_started', through: found.map((node) => node.id) });
        overlay.start(found);
        if (await isReadyInTime(options)) break;
        logger.warn({ event: 'join_timed_out', afterMs: options.attemptMs.join });
        attempt.fail('timed_out');
      } else {
        attempt.foundNobody();
        logger.warn({ event: 'nodes_awaited', retryMs: waitMs }, 'no list names a node that answers, and this node is not the first');
        await pause(waitMs, undefined, { signal });
      }
    }
    await keepListFresh(options);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** One attempt to get into the ring: looking for nodes again and again, or joining through those that were found. */
class Attempt {
  readonly #options: EntryOptions;
  #beganAt = performance.now();
  #wasRefused = false;

  constructor(options: EntryOptions) {
    this.#options = options;
  }

  refused(): void {
    this.#wasRefused = true;
  }

  /** A ring that begins has nobody who answers at first: that is a failure only when it goes on. */
  foundNobody(): void {
    if (performance.now() - this.#beganAt >= this.#options.attemptMs.look) this.fail(this.#wasRefused ? 'refused' : 'unanswered');
  }

  fail(reason: JoinFailure): void {
    this.#options.failed(reason);
    this.#beganAt = performance.now();
    this.#wasRefused = false;
  }
}

async function findNodes(options: EntryOptions, attempt: Attempt): Promise<readonly NodeHandle[]> {
  const sources = [() => options.list(), () => options.kept.load(), () => Promise.resolve(options.seeds)];
  for (const source of sources) {
    const addresses = (await source()) ?? [];
    const answered = await whoAnswers(options, addresses, attempt);
    if (answered.length > 0) return answered;
  }
  return [];
}

async function whoAnswers({ overlay, logger, signal }: EntryOptions, addresses: readonly string[], attempt?: Attempt): Promise<readonly NodeHandle[]> {
  for (let at = 0; at < addresses.length; at += ASKED_MAX) {
    signal.throwIfAborted();
    const asked = addresses.slice(at, at + ASKED_MAX);
    const answers = await Promise.all(asked.map((address) => withTimeout(overlay.discover(address)).catch((error: unknown) => noteRefusal({ logger, attempt }, address, error))));
    // An address of an earlier life may be ours by now.
    const others = answers.filter((node) => node !== undefined).filter((node) => node.id !== overlay.self.id);
    if (others.length > 0) return others;
    logger.debug({ event: 'nodes_silent', addresses: asked });
  }
  return [];
}

/** Who answers and will not have this node would be looked for for ever: that is said aloud. */
function noteRefusal({ logger, attempt }: { readonly logger: Logger; readonly attempt: Attempt | undefined }, address: string, error: unknown): undefined {
  if (!(error instanceof OverlayError) || !REFUSALS.has(error.reason)) return;
  attempt?.refused();
  logger.error({ event: 'join_refused', address, reason: error.reason, mend: error.mend }, error.message);
}

function withTimeout<Result>(asked: Promise<Result>): Promise<Result> {
  const timeout = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('no answer in time')), ASK_TIMEOUT_MS).unref());
  return Promise.race([asked, timeout]);
}

async function isReadyInTime({ overlay, attemptMs, signal }: EntryOptions): Promise<boolean> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(attemptMs.join)]);
  try {
    await overlay.whenReady(patience);
    return true;
  } catch (error) {
    if (signal.aborted || !patience.aborted) throw error;
    return false;
  }
}

async function keepListFresh(options: EntryOptions): Promise<void> {
  const { overlay, kept, signal } = options;
  for (let aloneMs = ALONE_MS, renewal = 1; ; renewal++) {
    const { isAlone } = overlay;
    await kept.save((await options.list()) ?? []);
    if (isAlone || renewal % NAMED_EVERY === 0) await nameOthers(options);
    aloneMs = isAlone ? Math.min(aloneMs * 2, ALONE_MS_MAX) : ALONE_MS;
    await pause(isAlone ? aloneMs * (0.5 + Math.random()) : REFRESH_MS, undefined, { signal, ref: false });
  }
}

// Every list is asked: the ring that formed apart may stand in a list other than the one that named our own.
async function nameOthers(options: EntryOptions): Promise<void> {
  const named = [await options.list(), await options.kept.load(), options.seeds].flatMap((addresses) => addresses ?? []);
  const addresses = [...new Set(named)].map((address) => ({ address, order: Math.random() })).sort((a, b) => a.order - b.order);
  const found = await whoAnswers(options, addresses.slice(0, ASKED_MAX).map(({ address }) => address));
  if (found.length > 0) options.overlay.start(found);
}
