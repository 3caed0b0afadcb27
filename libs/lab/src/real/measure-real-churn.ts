import { setTimeout as pause } from 'node:timers/promises';
import { randomId, type Id } from '@banyan/ids';
import { LOCAL_PASTRY_CONFIG } from '@banyan/pastry';
import { seededRng, type Millis, type Rng } from '@banyan/sansio';
import type { Progress } from '../report/progress.ts';
import { mean, percentile, rounded } from '../statistics.ts';
import { Membership, type AskedLookup } from './membership.ts';
import { RealRing } from './real-ring.ts';

/** The lease of nodes that are told nothing else. */
export const LEASE_MS = LOCAL_PASTRY_CONFIG.leaseMs;
/** A lookup that nobody answers for so long is given up by whoever asked. */
const PATIENCE_MS: Millis = 30_000;
const SETTLE_MS: Millis = 3_000;
const DRAIN_MS: Millis = LEASE_MS + 10_000;
/** With fewer ready nodes than this share the next kill waits: the machine does not start processes as fast as they die. */
const READY_SHARE_MIN = 0.5;

export interface RealChurnSetup {
  readonly nodes: number;
  readonly seconds: number;
  readonly killEveryMs: Millis;
  readonly lookupEveryMs: Millis;
  readonly seed: number;
}

export type RealChurnResults = {
  readonly nodes: number;
  readonly kills: number;
  /** Kills left out because too few nodes were ready. */
  readonly killsHeldBack: number;
  readonly readyNodes: { readonly mean: number; readonly min: number };
  /** Asked by a node that lived until the answer. */
  readonly lookups: number;
  /** Asked by a node that died or stepped back meanwhile: nobody can tell what became of them. */
  readonly askerGone: number;
  /** Of keys whose root lived all the time, and had not changed for a lease. */
  readonly settled: { readonly lookups: number; readonly answeredByRoot: number; readonly other: number; readonly lost: number; readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
  /** Of keys whose root died, stepped back or came, meanwhile or within the last lease. */
  readonly changing: { readonly lookups: number; readonly stranger: number; readonly lost: number; readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
};

interface Asked extends AskedLookup {
  readonly asker: Id;
}

/** Kills a node of a real ring and starts it again, over and over, while keys are looked up through those that live. */
export async function measureRealChurn(setup: RealChurnSetup, progress: Progress): Promise<RealChurnResults> {
  await using ring = await RealRing.start({ nodes: setup.nodes, settings: {}, progress });
  return await new ChurnRun(ring, setup).go(progress); // awaited here, or the ring would be gone
}

class ChurnRun {
  readonly #ring: RealRing;
  readonly #setup: RealChurnSetup;
  readonly #rng: Rng;
  readonly #membership = new Membership(LEASE_MS);
  readonly #asked: Promise<Asked | undefined>[] = [];
  readonly #restarts = new Set<Promise<void>>();
  readonly #readyCounts: number[] = [];
  #kills = 0;
  #heldBack = 0;

  constructor(ring: RealRing, setup: RealChurnSetup) {
    this.#ring = ring;
    this.#setup = setup;
    this.#rng = seededRng(setup.seed);
  }

  async go(progress: Progress): Promise<RealChurnResults> {
    for (const { name, id } of this.#ring.nodes) await this.#watch(name, id);
    await pause(SETTLE_MS);
    const { seconds, killEveryMs, lookupEveryMs } = this.#setup;
    const until = now() + seconds * 1_000;
    const show = (): void => progress.show('churn', Math.round(seconds - (until - now()) / 1_000), seconds);
    await Promise.all([
      every(killEveryMs, until, () => {
        show();
        this.#killOne();
      }),
      every(lookupEveryMs, until, () => this.#ask()),
    ]);
    await Promise.race([Promise.all(this.#asked), pause(DRAIN_MS + PATIENCE_MS)]);
    await Promise.allSettled(this.#restarts);
    const asked = (await Promise.all(this.#asked)).filter((each) => each !== undefined);
    return this.#judge(asked);
  }

  async #watch(name: string, id: Id): Promise<void> {
    await this.#ring.openClient(name, (isReady) => (isReady ? this.#membership.ready(id, now()) : this.#membership.unready(id, now())));
  }

  #killOne(): void {
    const ready = this.#membership.readyNow;
    this.#readyCounts.push(ready.length);
    const id = this.#rng.pick(ready);
    const victim = this.#ring.nodes.find((node) => node.id === id);
    if (victim === undefined || ready.length < this.#setup.nodes * READY_SHARE_MIN) return void this.#heldBack++;
    this.#kills++;
    this.#membership.unready(victim.id, now());
    this.#ring.closeClient(victim.name);
    const restart = this.#killAndRestart(victim).finally(() => this.#restarts.delete(restart));
    this.#restarts.add(restart);
  }

  async #killAndRestart({ name, id }: { readonly name: string; readonly id: Id }): Promise<void> {
    await this.#ring.overlay.kill(name, 'SIGKILL');
    this.#membership.started(id, now());
    await this.#ring.overlay.restart(name);
    await this.#watch(name, id);
  }

  #ask(): void {
    const asker = this.#rng.pick(this.#membership.readyNow);
    const key = randomId(this.#rng);
    if (asker !== undefined) this.#asked.push(this.#lookup(asker, key));
  }

  /** Asks until there is an answer; undefined when the asking node is gone. */
  async #lookup(asker: Id, key: Id): Promise<Asked | undefined> {
    const name = this.#ring.nodes.find((node) => node.id === asker)?.name ?? '';
    const client = this.#ring.client(name);
    if (client === undefined) return undefined;
    const sentAt = now();
    while (now() - sentAt < PATIENCE_MS) {
      const found = await client.overlay.lookup(key, { replicas: 1, deadlineMs: PATIENCE_MS }).catch(() => undefined);
      if (found !== undefined) return { asker, key, sentAt, doneAt: now(), root: found.root.id };
      if (this.#ring.client(name) !== client) return undefined;
      await pause(ASK_AGAIN_MS);
    }
    return { asker, key, sentAt, doneAt: now(), root: undefined };
  }

  #judge(asked: readonly Asked[]): RealChurnResults {
    const known = asked.filter(({ asker, sentAt, doneAt }) => this.#membership.wasReady(asker, sentAt, doneAt));
    const judged = known.map((each) => ({ ms: each.doneAt - each.sentAt, ...this.#membership.judge(each) }));
    const [settled, changing] = [judged.filter(({ isSettled }) => isSettled), judged.filter(({ isSettled }) => !isSettled)];
    const count = (of: typeof judged, is: (typeof judged)[number]['is']): number => of.filter((each) => each.is === is).length;
    return {
      nodes: this.#setup.nodes,
      kills: this.#kills,
      killsHeldBack: this.#heldBack,
      readyNodes: { mean: rounded(mean(this.#readyCounts), 1), min: Math.min(...this.#readyCounts) },
      lookups: known.length,
      askerGone: this.#asked.length - known.length,
      settled: { lookups: settled.length, answeredByRoot: count(settled, 'owner'), other: count(settled, 'other'), lost: count(settled, 'nobody'), ...times(settled) },
      changing: { lookups: changing.length, stranger: count(changing, 'stranger'), lost: count(changing, 'nobody'), ...times(changing) },
    };
  }
}

const ASK_AGAIN_MS = 100;

function times(judged: readonly { readonly ms: number }[]): { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number } {
  const sorted = Float64Array.from(judged, ({ ms }) => ms).sort();
  return { p50Ms: rounded(percentile(sorted, 0.5), 1), p99Ms: rounded(percentile(sorted, 0.99), 1), maxMs: rounded(sorted.at(-1) ?? 0, 1) };
}

/** Calls `act` at every period until the time is over; a busy machine makes up for what it missed. */
async function every(periodMs: Millis, until: Millis, act: () => void): Promise<void> {
  for (let next = now(); next < until; next += periodMs) {
    const waitMs = next - now();
    if (waitMs > 0) await pause(waitMs);
    act();
  }
}

function now(): Millis {
  return performance.now();
}
