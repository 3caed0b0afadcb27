import type { Coordinate } from '@banyan/kbr';
import type { Json, Millis, Rng } from '@banyan/sansio';

const PER_MS = 100;
const ERROR_UNIT = 1_000;
/** c_c and c_e: how far one sample moves the place and the error. */
const GAIN = 0.25;
const HEIGHT_MS_MIN = 0.01;
const ERROR_MIN = 0.02;
const ERROR_FIRST = 0.9;
const ERROR_MAX = 0.99;
/** Below this error predictions are acted upon. */
const TRUSTED_ERROR = 0.45;
/** Nobody is farther away than this; who claims to be is not believed. */
const PLACE_MS_MAX = 10_000;
/** A settled node is not moved by a sample that is off by more than this many times the measurement, only unsettled by it. */
const OUTLIER = 1;
const SETTLED_ERROR = 0.25;

/**
 * The place of one node, learnt from round-trip times to others that tell theirs: each sample pulls it along the line between
 * the two, the more the surer the other is. A few dozen samples settle a newcomer among settled nodes.
 * Source: Dabek, Cox, Kaashoek, Morris 2004 (Vivaldi: adaptive time step, height vectors, c_c = c_e = 0.25).
 */
export class Coordinates {
  readonly #rng: Rng;
  #xMs = 0;
  #yMs = 0;
  #heightMs = HEIGHT_MS_MIN;
  #error = ERROR_FIRST;
  /** What others are told, made anew when it changed. */
  #own: Coordinate | undefined;

  constructor(rng: Rng) {
    this.#rng = rng;
  }

  /** Where this node lies, to be told to others. */
  get own(): Coordinate {
    this.#own ??= {
      x: Math.round(this.#xMs * PER_MS),
      y: Math.round(this.#yMs * PER_MS),
      height: Math.round(this.#heightMs * PER_MS),
      error: Math.round(this.#error * ERROR_UNIT),
    };
    return this.#own;
  }

  /** The round-trip time to a node at that place, ms; undefined while this node or the other does not know its place well. */
  predictMs(to: Coordinate): Millis | undefined {
    if (this.#error > TRUSTED_ERROR || to.error > TRUSTED_ERROR * ERROR_UNIT) return undefined;
    return this.#distanceMs(to);
  }

  /** Learns from the measured round-trip time to a node that tells its place. */
  sample(to: Coordinate, roundTripMs: Millis): void {
    if (!isBelievable(to) || !(roundTripMs > 0) || roundTripMs > PLACE_MS_MAX) return;
    const otherError = Math.max(ERROR_MIN, to.error / ERROR_UNIT);
    const weight = this.#error / (this.#error + otherError);
    const distanceMs = this.#distanceMs(to);
    const off = Math.abs(distanceMs - roundTripMs) / roundTripMs;
    const isOutlier = off > OUTLIER && this.#error < SETTLED_ERROR;
    this.#error = Math.min(ERROR_MAX, Math.max(ERROR_MIN, Math.min(1, off) * GAIN * weight + this.#error * (1 - GAIN * weight)));
    this.#own = undefined;
    if (!isOutlier) this.#move(to, GAIN * weight * (roundTripMs - distanceMs), distanceMs);
  }

  state(): Json {
    return { place: [this.#xMs, this.#yMs, this.#heightMs, this.#error], rng: this.#rng.state() };
  }

  // Away from the other when the way is longer than it seems, towards it when it is shorter.
  #move(from: Coordinate, byMs: Millis, distanceMs: Millis): void {
    const dx = this.#xMs - from.x / PER_MS;
    const dy = this.#yMs - from.y / PER_MS;
    const flat = Math.sqrt(dx * dx + dy * dy);
    if (flat < HEIGHT_MS_MIN) {
      const angle = 2 * Math.PI * this.#rng.next();
      this.#xMs += byMs * Math.cos(angle);
      this.#yMs += byMs * Math.sin(angle);
      return;
    }
    this.#xMs += (byMs * dx) / distanceMs;
    this.#yMs += (byMs * dy) / distanceMs;
    this.#heightMs = Math.max(HEIGHT_MS_MIN, this.#heightMs + (byMs * (this.#heightMs + from.height / PER_MS)) / distanceMs);
  }

  #distanceMs(to: Coordinate): Millis {
    const dx = this.#xMs - to.x / PER_MS;
    const dy = this.#yMs - to.y / PER_MS;
    return Math.sqrt(dx * dx + dy * dy) + this.#heightMs + to.height / PER_MS;
  }
}

/** The round-trip time between two places, ms. */
export function distanceMs(a: Coordinate, b: Coordinate): Millis {
  const dx = a.x - b.x;
  const dy = a.y - b.y;
  return (Math.sqrt(dx * dx + dy * dy) + a.height + b.height) / PER_MS;
}

/** A place as explanation. */
export function placeState({ x, y, height, error }: Coordinate): Json {
  return [x, y, height, error];
}

/** False when nobody can lie there: what is told is not to be trusted. */
export function isBelievable({ x, y, height, error }: Coordinate): boolean {
  const most = PLACE_MS_MAX * PER_MS;
  return Math.abs(x) <= most && Math.abs(y) <= most && height >= 0 && height <= most && error >= 0 && error < ERROR_UNIT;
}
