import type { Millis } from '@banyan/sansio';
import type { Host } from './topology.ts';

/** How much each host sends and receives at most, bytes in a millisecond. */
export interface AccessRates {
  readonly upBytesPerMs: number;
  readonly downBytesPerMs: number;
}

/**
 * The one line by which each host hangs on the network: what it sends on all its links goes out one after the other, and what it
 * is sent comes in so. Nothing is lost; who is slow is late. The network between the lines has room for everything.
 */
export class AccessLinks {
  readonly #rates: AccessRates;
  /** By host: until when its line is taken. */
  readonly #upUntil: Float64Array;
  readonly #downUntil: Float64Array;

  constructor(hosts: number, rates: AccessRates) {
    this.#rates = rates;
    this.#upUntil = new Float64Array(hosts);
    this.#downUntil = new Float64Array(hosts);
  }

  /** When the last byte has left `host`, of something that is sent now. */
  sentAt(now: Millis, host: Host, bytes: number): Millis {
    const at = Math.max(now, this.#upUntil[host] ?? 0) + bytes / this.#rates.upBytesPerMs;
    this.#upUntil[host] = at;
    return at;
  }

  /** When the last byte has come in at `host`, of something whose last byte reaches its line at `reachedAt`. */
  receivedAt(reachedAt: Millis, host: Host, bytes: number): Millis {
    const at = Math.max(reachedAt, (this.#downUntil[host] ?? 0) + bytes / this.#rates.downBytesPerMs);
    this.#downUntil[host] = at;
    return at;
  }
}
