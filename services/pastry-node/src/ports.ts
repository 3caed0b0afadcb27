// What the handlers of a node are given.
import type { Overlay } from '@banyan/host';

/** The running `Overlay`. */
export const OVERLAY = Symbol('banyan.node.overlay');
/** This node as it speaks of itself: a `SelfNode`. */
export const SELF = Symbol('banyan.node.self');
/** The `DescriptorSource`. */
export const DESCRIPTORS = Symbol('banyan.node.descriptors');
/** What has to be ended in order when the node stops: a `NodeLife`. */
export const LIFE = Symbol('banyan.node.life');

/** This node with its API address, which is known only when the API listens. */
export class SelfNode {
  readonly #overlay: Pick<Overlay, 'self'>;
  #apiAddress = '';

  constructor(overlay: Pick<Overlay, 'self'>) {
    this.#overlay = overlay;
  }

  get handle(): Overlay['self'] {
    return this.#overlay.self;
  }

  get apiAddress(): string {
    return this.#apiAddress;
  }

  /** Called once, when the API listens. */
  learnApiAddress(address: string): void {
    this.#apiAddress = address;
  }
}
