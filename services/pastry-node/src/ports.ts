// What the handlers of a node are given.
import type { Overlay } from '@banyan/host';

/** The running `Overlay`. */
export const OVERLAY = Symbol('banyan.node.overlay');
/** This node as it speaks of itself: a `SelfNode`. */
export const SELF = Symbol('banyan.node.self');
/** The `DescriptorSource`. */
export const DESCRIPTORS = Symbol('banyan.node.descriptors');
/** The `AttachedClients`. */
export const CLIENTS = Symbol('banyan.node.clients');
/** The node's one `Drain`. */
export const DRAIN = Symbol('banyan.node.drain');
/** `() => number`: how long a drain may take when nobody says so, ms. */
export const GRACE_MS = Symbol('banyan.node.grace-ms');
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
