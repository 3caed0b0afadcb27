import { OverlayError } from '@banyan/grpc';
import { readFile } from 'node:fs/promises';
import type { Id } from '@banyan/ids';
import type { Rng } from '@banyan/sansio';
import { DelayLine } from './delay-line.ts';
import { oneWayMs, parseLatencyMap, type LatencyMap } from './latency-map.ts';

const RETRANSMIT_MS_MIN = 200;

/** Reads a latency map from a file. Throws LATENCY_MAP_INVALID, FILE_NOT_FOUND. */
export async function readLatencyMap(file: string): Promise<LatencyMap> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new OverlayError('FILE_NOT_FOUND', `cannot read the latency map ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { file }, { cause });
  });
  const map = parseLatencyMap(text);
  if ('fault' in map) throw new OverlayError('LATENCY_MAP_INVALID', `${file} is no latency map: ${map.fault}`, { file });
  return map;
}

/**
 * Makes links on one machine as slow and as lossy as a map says: what arrives is held back by the one-way delay from its
 * sender before the machine is told. The sockets themselves stay as quick as they are, so opening a link costs nothing.
 * The same rules as the simulator's `Network`: control messages are lost, data links show loss as a retransmission's delay.
 */
export class EmulatedNetwork {
  readonly map: LatencyMap;
  readonly #self: Id;
  readonly #rng: Rng;
  readonly #datagrams = new Map<Id, DelayLine>();
  readonly #streams = new Map<Id, DelayLine>();

  constructor(map: LatencyMap, self: Id, rng: Rng) {
    this.map = map;
    this.#self = self;
    this.#rng = rng;
  }

  /** A control message came from `from`; it may never arrive. */
  datagram(from: Id, arrive: () => void): void {
    if (this.#isLost()) return;
    this.#line(this.#datagrams, from).push(oneWayMs(this.map, from, this.#self), arrive);
  }

  /** A frame came on a data link, or its end: in order, however often a part of it had to be sent again. */
  stream(from: Id, arrive: () => void): void {
    const delayMs = oneWayMs(this.map, from, this.#self);
    let lateMs = 0;
    while (this.#isLost()) lateMs += Math.max(RETRANSMIT_MS_MIN, 2 * delayMs);
    this.#line(this.#streams, from).push(delayMs + lateMs, arrive);
  }

  /** Nothing that is under way arrives any more. */
  stop(): void {
    for (const line of [...this.#datagrams.values(), ...this.#streams.values()]) line.stop();
  }

  #isLost(): boolean {
    return this.map.lossRate > 0 && this.#rng.next() < this.map.lossRate;
  }

  #line(lines: Map<Id, DelayLine>, from: Id): DelayLine {
    const known = lines.get(from);
    if (known !== undefined) return known;
    const line = new DelayLine();
    lines.set(from, line);
    return line;
  }
}
