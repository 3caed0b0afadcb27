/** How much may wait on one control link. */
export interface OutboxLimits {
  readonly framesMax: number;
  readonly bytesMax: number;
}

/**
 * Frames that wait for a control link to open or to drain, oldest first. At its bound it takes no more: control
 * messages may be lost, and what is new is repeated by its sender when it matters.
 */
export class Outbox {
  readonly #limits: OutboxLimits;
  #frames: Buffer[] = [];
  #bytes = 0;

  constructor(limits: OutboxLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#frames.length;
  }

  /** False when the frame was not taken. */
  push(frame: Buffer): boolean {
    if (this.#frames.length >= this.#limits.framesMax || this.#bytes + frame.length > this.#limits.bytesMax) return false;
    this.#frames.push(frame);
    this.#bytes += frame.length;
    return true;
  }

  /** Hands out frames until `write` says that it had enough; true when all are out. */
  drainTo(write: (frame: Buffer) => boolean): boolean {
    let taken = 0;
    let wantsMore = true;
    while (wantsMore && taken < this.#frames.length) {
      const frame = this.#frames[taken++];
      if (frame === undefined) break;
      this.#bytes -= frame.length;
      wantsMore = write(frame);
    }
    this.#frames = this.#frames.slice(taken);
    return wantsMore;
  }

  /** Empties it; how many frames are lost. */
  clear(): number {
    const lost = this.#frames.length;
    this.#frames = [];
    this.#bytes = 0;
    return lost;
  }
}
