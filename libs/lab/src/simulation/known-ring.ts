import type { DigitBits, Id } from '@banyan/ids';
import type { Host } from '@banyan/simulator';

/** Bits of an id that fit a number exactly; two nodes that share so many are not to be expected below 2^26 nodes. */
const HEAD_BITS = 52;
const HEAD_RING = 2 ** HEAD_BITS;

/** Places of the ring from `low` on, up to but without `high`. */
export interface Places {
  readonly low: number;
  readonly high: number;
}

/**
 * A whole ring as nobody in it can see it: every node at its place in the order of ids, as numbers in typed arrays, so that
 * a million nodes are 12 MB. Ids are cut to their first 52 bits.
 */
export class KnownRing {
  /** The first 52 bits of the id at each place, ascending. */
  readonly heads: Float64Array;
  /** The host at each place. */
  readonly hosts: Int32Array;
  readonly digitBits: DigitBits;
  readonly #placeOfHost: Int32Array;

  /** `ids`: of the hosts 0, 1, … */
  constructor(ids: readonly Id[], digitBits: DigitBits) {
    const headOfHost = Float64Array.from(ids, headOf);
    this.hosts = Int32Array.from(ids, (_, host) => host).sort((a, b) => (headOfHost[a] ?? 0) - (headOfHost[b] ?? 0));
    this.heads = Float64Array.from(this.hosts, (host) => headOfHost[host] ?? 0);
    this.digitBits = digitBits;
    this.#placeOfHost = new Int32Array(ids.length);
    this.hosts.forEach((host, place) => (this.#placeOfHost[host] = place));
  }

  get size(): number {
    return this.hosts.length;
  }

  placeOfHost(host: Host): number {
    return this.#placeOfHost[host] ?? 0;
  }

  hostAt(place: number): Host {
    return this.hosts[place] ?? 0;
  }

  headAt(place: number): number {
    return this.heads[place] ?? 0;
  }

  /** The digit of the id at a place; 0 beyond the first 52 bits. */
  digitAt(place: number, position: number): number {
    const unit = HEAD_RING / 2 ** (this.digitBits * (position + 1));
    if (unit < 1) return 0;
    const upTo = Math.floor(this.headAt(place) / unit);
    return upTo - Math.floor(upTo / 2 ** this.digitBits) * 2 ** this.digitBits;
  }

  /** Steps along the ring between two places, the shorter way round. */
  steps(a: number, b: number): number {
    const gap = Math.abs(a - b);
    return Math.min(gap, this.size - gap);
  }

  /** How many leading digits two heads share. */
  sharedDigits(a: number, b: number): number {
    let digits = 0;
    for (let unit = HEAD_RING / 2 ** this.digitBits; unit >= 1 && Math.floor(a / unit) === Math.floor(b / unit); unit /= 2 ** this.digitBits) digits++;
    return digits;
  }

  /** Everyone whose id begins with the first `digits` digits of `head`. */
  sharing(head: number, digits: number): Places {
    const unit = HEAD_RING / 2 ** (this.digitBits * digits);
    const first = Math.floor(head / unit) * unit;
    return { low: this.#firstFrom(first), high: this.#firstFrom(first + unit) };
  }

  /** The `count` places closest to `head` on the ring, closest first. */
  closest(head: number, count: number): number[] {
    const next = this.#firstFrom(head);
    const near: number[] = [];
    for (let step = 0; step < Math.min(count, this.size); step++) near.push((next + step) % this.size);
    for (let step = 1; step <= Math.min(count, this.size - near.length); step++) near.push((next - step + this.size) % this.size);
    return near.sort((a, b) => distance(this.headAt(a), head) - distance(this.headAt(b), head)).slice(0, count);
  }

  #firstFrom(head: number): number {
    let low = 0;
    let high = this.heads.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.heads[middle] ?? 0) < head) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The first 52 bits of an id. */
export function headOf(id: Id): number {
  return parseInt(id.slice(0, HEAD_BITS / 4), 16);
}

function distance(a: number, b: number): number {
  const gap = Math.abs(a - b);
  return Math.min(gap, HEAD_RING - gap);
}
