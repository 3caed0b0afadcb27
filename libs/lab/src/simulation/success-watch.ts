import type { Id } from '@banyan/ids';
import type { CommandOf } from '@banyan/overlay';
import type { Millis } from '@banyan/sansio';
import { LATE_MS } from './lookup-oracle.ts';
import type { OverlaySimulation } from './overlay-simulation.ts';
import type { ProbeApplications, ProbeCommand, ProbeEvent } from './probe.ts';

/** Lookups that were sent together. */
export interface Round {
  readonly sent: number;
  /** Arrived at the true root of their instant within 3 s. */
  succeeded: number;
}

interface Pending {
  readonly round: Round;
  readonly key: Id;
  readonly sentAt: Millis;
}

/** Sends rounds of lookups from random ready nodes and counts how many of each reach their true root in time. */
export class SuccessWatch<A extends ProbeApplications> {
  readonly #simulation: OverlaySimulation<A>;
  /** Lookups that have not arrived, by number. */
  readonly #pending = new Map<number, Pending>();
  #sent = 0;
  #incorrect = 0;

  constructor(simulation: OverlaySimulation<A>) {
    this.#simulation = simulation;
    simulation.observe({
      event: (now, host, app, event) => {
        if (app === 'probe') this.#arrived(now, simulation.idOf(host), event as ProbeEvent);
      },
    });
  }

  /** First deliveries at a node that was not the live ready root at that instant. */
  get incorrect(): number {
    return this.#incorrect;
  }

  /** Lookups never delivered so far. */
  get open(): number {
    return this.#pending.size;
  }

  /** One lookup of each key, now; the counts grow as they arrive. */
  send(keys: readonly Id[]): Round {
    const { world } = this.#simulation;
    const round: Round = { sent: keys.length, succeeded: 0 };
    for (const key of keys) {
      const probe = this.#sent++;
      this.#pending.set(probe, { round, key, sentAt: world.now });
      const from = this.#simulation.anyReady();
      const command: ProbeCommand = { type: 'send', probe, key };
      if (from !== undefined) this.#simulation.command(from, 'probe', command as CommandOf<A['probe']>);
    }
    return round;
  }

  #arrived(now: Millis, at: Id, { probe }: ProbeEvent): void {
    const pending = this.#pending.get(probe);
    if (pending === undefined) return;
    this.#pending.delete(probe);
    const isRoot = this.#simulation.ring.rootOf(pending.key) === at;
    if (!isRoot) this.#incorrect += 1;
    else if (now - pending.sentAt <= LATE_MS) pending.round.succeeded += 1;
  }
}

/** The first of the rounds from which on every lookup succeeded; undefined when even the last one had a failure. */
export function fullFrom(rounds: readonly Round[]): number | undefined {
  const lastFailed = rounds.findLastIndex(({ sent, succeeded }) => succeeded < sent);
  return lastFailed === rounds.length - 1 ? undefined : lastFailed + 1;
}
