import { setTimeout as pause } from 'node:timers/promises';
import { randomId, type Id } from '@banyan/ids';
import { seededRng, type Millis, type Rng } from '@banyan/sansio';
import type { Progress } from '../report/progress.ts';
import { churnFigures, LEASE_MS, READY_SHARE_MIN, type Asked, type RealChurnResults, type RealChurnSetup } from './churn-figures.ts';
import { Membership } from './membership.ts';
import { RealRing } from './real-ring.ts';

/** A lookup that nobody answers for so long is given up by whoever asked. */
const PATIENCE_MS: Millis = 30_000;
const SETTLE_MS: Millis = 3_000;
const DRAIN_MS: Millis = LEASE_MS + 10_000;

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
    // The wait keeps nothing running once all are answered: the program ends then.
    await Promise.race([Promise.all(this.#asked), pause(DRAIN_MS + PATIENCE_MS, undefined, { ref: false })]);
    await Promise.allSettled(this.#restarts);
    const asked = (await Promise.all(this.#asked)).filter((each) => each !== undefined);
    return churnFigures({ setup: this.#setup, membership: this.#membership, asked, lookupsSent: this.#asked.length, kills: this.#kills, killsHeldBack: this.#heldBack, readyCounts: this.#readyCounts });
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
}

const ASK_AGAIN_MS = 100;

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
