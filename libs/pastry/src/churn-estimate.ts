import { clockwiseDistance } from '@banyan/ids';
import type { Json, Millis } from '@banyan/sansio';
import type { PastryConfig } from './config.ts';
import type { Tables } from './tables.ts';

/** Failures remembered: the rate is that of the last so many. */
const REMEMBERED = 16;
/** A node that has seen fewer failures than that says nothing of its own before this age. */
const EXPERIENCED_AT_MS: Millis = 10 * 60_000;
/** And then takes them as spread over at least so long, so that one bad minute is not taken for the weather. */
const FEW_SPAN_MS: Millis = 30 * 60_000;
/** 2^128: how many ids there are. */
const IDS = 2 ** 128;

/**
 * How often nodes fail and how many there are, estimated from what one node sees: failures among the peers in its tables,
 * and the density of its leaf set. What the two ring neighbors believe is heard with every heartbeat; the median counts.
 * Source: Castro, Costa, Rowstron 2004, §4.1 (estimates of mu and N). Deviation: a node that is young and has seen little
 * believes its neighbors rather than filling its history with its own age.
 */
export class ChurnEstimate {
  readonly #config: PastryConfig;
  readonly #tables: Tables;
  readonly #failedAt: Millis[] = [];
  /** Of this life as a member; Infinity before it: a node that is still on its way in has seen nothing that it could tell. */
  #since: Millis = Infinity;
  /** What the node that let us in believes. */
  #toldAtEntry: number | undefined;

  constructor(config: PastryConfig, tables: Tables) {
    this.#config = config;
    this.#tables = tables;
  }

  /** This life began as a member. */
  begin(now: Millis): void {
    this.#since = now;
  }

  /** The node that lets us in tells what it believes: we grant leases before anyone else can tell. */
  entered(failureRate: number | undefined): void {
    this.#toldAtEntry = failureRate;
  }

  /** A peer from our tables has fallen silent. */
  failed(now: Millis): void {
    this.#failedAt.push(now);
    if (this.#failedAt.length > REMEMBERED) this.#failedAt.shift();
  }

  /** Failures of one node per second, as the median of our own estimate and what others told, else what we were told at our entry; undefined when nobody knows. */
  failureRate(now: Millis, told: readonly number[]): number | undefined {
    const own = this.#own(now);
    const all = (own === undefined ? [...told] : [own, ...told]).sort((a, b) => a - b);
    const middle = all.length >> 1;
    if (all.length === 0) return this.#toldAtEntry;
    return all.length % 2 === 1 ? (all[middle] ?? 0) : ((all[middle - 1] ?? 0) + (all[middle] ?? 0)) / 2;
  }

  /** Members of the ring, by how densely our leaves stand. */
  ringSize(): number {
    const { leafSet } = this.#tables;
    const { farthestLeft, farthestRight, size, isFull } = leafSet;
    if (!isFull || farthestLeft === undefined || farthestRight === undefined) return size + 1;
    const span = Number(clockwiseDistance(farthestLeft.id, farthestRight.id));
    return Math.max(size + 1, (size / span) * IDS);
  }

  state(now: Millis): Json {
    return { sinceMs: this.#since === Infinity ? null : this.#since - now, toldAtEntry: this.#toldAtEntry ?? null, failedMs: this.#failedAt.map((at) => at - now) };
  }

  #own(now: Millis): number | undefined {
    const peers = this.#tables.leafSet.size + this.#tables.table.size;
    if (peers === 0) return undefined;
    const oldest = this.#failedAt[0];
    const age = now - this.#since;
    if (oldest !== undefined && this.#failedAt.length === REMEMBERED) return perSecond(REMEMBERED, peers, Math.max(1_000, now - oldest));
    if (age < EXPERIENCED_AT_MS) return undefined;
    return perSecond(this.#failedAt.length, peers, Math.max(FEW_SPAN_MS, age));
  }
}

/**
 * The period T_rt at which every table entry must be asked whether it lives so that at most the share `target` of the
 * lookups meets a dead hop: L_r = 1 - (1 - Pf(T_ls)) (1 - Pf(T_rt))^(h - 1), where Pf(T) = 1 - (1 - e^(-T mu)) / (T mu) is
 * how likely a node that was alive a while ago, at most T, has failed since, and h = (2^b - 1) / 2^b log_2^b N are the hops.
 * Solved by halving; between `min` and `max` ms. Source: Castro, Costa, Rowstron 2004, §4.1.
 */
export function tableProbePeriodMs(given: {
  readonly failureRate: number;
  readonly ringSize: number;
  readonly digitBits: number;
  readonly target: number;
  /** T_ls with its timeouts: after how long at most a dead ring neighbor is known to be dead, ms. */
  readonly leafDetectionMs: Millis;
  /** From the first unanswered ping of an entry until it is given up, ms. */
  readonly probeTimeoutMs: Millis;
  readonly min: Millis;
  readonly max: Millis;
}): Millis {
  const { failureRate, ringSize, digitBits, target, leafDetectionMs, probeTimeoutMs, min, max } = given;
  if (failureRate <= 0) return max;
  const base = 2 ** digitBits;
  const hops = Math.max(1, ((base - 1) / base) * (Math.log2(Math.max(2, ringSize)) / digitBits));
  const rawLoss = (periodMs: Millis): number =>
    1 - (1 - failedWithin(leafDetectionMs, failureRate)) * (1 - failedWithin(periodMs + probeTimeoutMs, failureRate)) ** (hops - 1);
  if (rawLoss(max) <= target) return max;
  let [low, high] = [min, max];
  while (high - low > 100) {
    const middle = (low + high) / 2;
    if (rawLoss(middle) <= target) low = middle;
    else high = middle;
  }
  return low;
}

/** Pf(T): mean over a period of how likely a node has failed since it was last seen. */
function failedWithin(periodMs: Millis, failureRate: number): number {
  const expected = (periodMs / 1_000) * failureRate;
  return expected < 1e-9 ? 0 : 1 - (1 - Math.exp(-expected)) / expected;
}

function perSecond(failures: number, peers: number, spanMs: Millis): number {
  return failures / peers / (spanMs / 1_000);
}
