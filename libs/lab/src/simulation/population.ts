import type { Millis, Rng } from '@banyan/sansio';
import type { Host } from '@banyan/simulator';
import { exponential } from './random-variates.ts';
import type { SessionModel } from './session-model.ts';

/** One stay of a host in the ring. */
export interface Stay {
  readonly host: Host;
  readonly from: Millis;
  readonly until: Millis;
}

/** Who is there when. Hosts 0 to `present` - 1 are there at time 0. */
export interface Population {
  readonly hosts: number;
  readonly present: number;
  /** Ascending by `from`; none that begins after the span asked for. Stays of one host do not overlap. */
  readonly stays: readonly Stay[];
}

export interface PopulationQuery {
  readonly model: SessionModel;
  /** Hosts that are there at time 0, and on average later. */
  readonly online: number;
  readonly forMs: Millis;
  readonly rng: Rng;
}

/**
 * A population in its stationary state: those present at time 0 have what is left of their stays. Where the model knows
 * absences a host comes back after them, else each arrival is a host of its own, and arrivals are a Poisson process.
 */
export function drawPopulation(query: PopulationQuery): Population {
  const { hosts, stays } = query.model.off === undefined ? comingOnce(query) : comingBack(query);
  return { hosts, present: query.online, stays: stays.sort((a, b) => a.from - b.from) };
}

/** Mean number of hosts present from time 0 to `forMs`. */
export function meanPresent({ stays }: Population, forMs: Millis): number {
  let presentMs = 0;
  for (const { from, until } of stays) presentMs += Math.max(0, Math.min(until, forMs) - from);
  return presentMs / forMs;
}

function comingOnce({ model: { on }, online, forMs, rng }: PopulationQuery): { readonly hosts: number; readonly stays: Stay[] } {
  const stays: Stay[] = [];
  for (let host = 0; host < online; host++) stays.push({ host, from: 0, until: on.residual(rng) });
  for (let at = exponential(rng, on.meanMs / online); at < forMs; at += exponential(rng, on.meanMs / online)) {
    stays.push({ host: stays.length, from: at, until: at + on.draw(rng) });
  }
  return { hosts: stays.length, stays };
}

function comingBack({ model: { on, off = on }, online, forMs, rng }: PopulationQuery): { readonly hosts: number; readonly stays: Stay[] } {
  const hosts = Math.round((online * (on.meanMs + off.meanMs)) / on.meanMs);
  const stays: Stay[] = [];
  for (let host = 0; host < hosts; host++) {
    const isPresent = host < online;
    let from = isPresent ? 0 : off.residual(rng);
    for (let first = isPresent; from < forMs; first = false) {
      const until = from + (first ? on.residual(rng) : on.draw(rng));
      stays.push({ host, from, until });
      from = until + off.draw(rng);
    }
  }
  return { hosts, stays };
}
