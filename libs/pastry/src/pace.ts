import type { Json, Millis } from '@banyan/sansio';
import { tableProbePeriodMs, type ChurnEstimate } from './churn-estimate.ts';
import type { PastryConfig } from './config.ts';

/** Estimates move slowly; what follows from them is worked out this often, and when another neighbor has told its own. */
const REFRESH_MS: Millis = 5_000;

/**
 * How often this node acts, following the churn: the more nodes fail, the sooner heartbeats, the shorter leases, the
 * quicker the sweep of the table. What the neighbors believe comes with their heartbeats.
 * The keys of a node that fails have no owner for about two heartbeat periods (the rest of its lease), so a share of
 * `failureRate * 2 * period` of all keys has none at any time; the period keeps that at `ownerlessShare`.
 * Source: Castro, Costa, Rowstron 2004, §4.1 (self-tuned T_rt); that heartbeats follow the same estimate is ours.
 */
export class Pace {
  readonly #config: PastryConfig;
  readonly #churn: ChurnEstimate;
  readonly #told: () => readonly number[];
  #freshUntil: Millis = -Infinity;
  /** How many had told when it was last worked out. */
  #tellers = 0;
  #failureRate: number | undefined;
  #heartbeatMs: Millis;
  #sweepMs: Millis;

  /** `told`: the failure rates that the ring neighbors believe in. */
  constructor(deps: { readonly config: PastryConfig; readonly churn: ChurnEstimate; readonly told: () => readonly number[] }) {
    this.#config = deps.config;
    this.#churn = deps.churn;
    this.#told = deps.told;
    this.#heartbeatMs = deps.config.heartbeatPeriodMs;
    this.#sweepMs = deps.config.tableSweepMs;
  }

  /** Failures of one node per second; undefined when neither we nor anyone who told us knows. */
  failureRate(now: Millis): number | undefined {
    this.#refresh(now);
    return this.#failureRate;
  }

  /** Between two heartbeats to a ring neighbor. */
  heartbeatMs(now: Millis): Millis {
    this.#refresh(now);
    return this.#heartbeatMs;
  }

  /** True while nodes fail so often that heartbeats are about as frequent as they get. */
  isHurried(now: Millis): boolean {
    const { heartbeatPeriodMinMs, heartbeatPeriodMs } = this.#config;
    return this.heartbeatMs(now) <= Math.min(2 * heartbeatPeriodMinMs, heartbeatPeriodMs / 2);
  }

  /** How long the leases that we grant last; whole milliseconds. */
  leaseMs(now: Millis): Millis {
    return Math.floor(this.heartbeatMs(now) * this.leasePeriods);
  }

  /** The shortest lease that any node of this configuration grants. */
  get leaseMinMs(): Millis {
    return this.#config.heartbeatPeriodMinMs * this.leasePeriods;
  }

  /** Heartbeat periods in a lease: the same for every node of a ring, so a granted lease tells its issuer's period. */
  get leasePeriods(): number {
    return this.#config.leaseMs / this.#config.heartbeatPeriodMs;
  }

  /** How long after its period's end a heartbeat may come. */
  graceMs(periodMs: Millis): Millis {
    return Math.max(GRACE_MIN_MS, (this.#config.heartbeatGraceMs * periodMs) / this.#config.heartbeatPeriodMs);
  }

  /** Between two visits of the same table entry. */
  sweepMs(now: Millis): Millis {
    this.#refresh(now);
    return this.#sweepMs;
  }

  /** The node that lets us in believes in this failure rate. */
  entered(failureRate: number | undefined): void {
    this.#churn.entered(failureRate);
    this.#freshUntil = -Infinity;
  }

  state(now: Millis): Json {
    return { freshMs: this.#freshUntil - now, tellers: this.#tellers, failureRate: this.#failureRate ?? null, heartbeatMs: this.#heartbeatMs, sweepMs: this.#sweepMs };
  }

  #refresh(now: Millis): void {
    const told = this.#told();
    if (now < this.#freshUntil && told.length === this.#tellers) return;
    this.#freshUntil = now + REFRESH_MS;
    this.#tellers = told.length;
    const config = this.#config;
    this.#failureRate = this.#churn.failureRate(now, told);
    const failureRate = this.#failureRate ?? 0;
    const wantedMs = failureRate === 0 ? Infinity : (1_000 * config.ownerlessShare) / (2 * failureRate);
    this.#heartbeatMs = Math.min(config.heartbeatPeriodMs, Math.max(config.heartbeatPeriodMinMs, wantedMs));
    this.#sweepMs = tableProbePeriodMs({
      failureRate,
      ringSize: this.#churn.ringSize(),
      digitBits: config.digitBits,
      target: config.rawLossTarget,
      leafDetectionMs: 1.1 * this.#heartbeatMs + this.graceMs(this.#heartbeatMs) + PROBE_TIMEOUT_MS,
      probeTimeoutMs: PROBE_TIMEOUT_MS,
      min: config.tableSweepMinMs,
      max: config.tableSweepMs,
    });
  }
}

const GRACE_MIN_MS: Millis = 500;
/** Two or three pings from the smallest timeout on, each waiting twice as long as the one before. */
const PROBE_TIMEOUT_MS: Millis = 2_000;
