import { setMaxListeners } from 'node:events';
import { createClient, OverlayError, type ChannelTarget } from '@banyan/grpc';
import { multicast, overlay } from '@banyan/proto';

/** The API of one node: both services over one channel. */
export interface NodeConnection {
  readonly address: string;
  readonly overlay: overlay.OverlayServiceClient;
  readonly multicast: multicast.MulticastServiceClient;
  /** Aborted when the client is closed. */
  readonly closed: AbortSignal;
}

// A batch of the SDK closes at 256 KiB, a node takes 1 MiB; the rest is room for fields and for what later versions add.
const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;

/** Addresses beyond those given that are learned from nodes which leave, together at most. */
const ADDRESSES_MAX = 256;

/** Options of every channel of the SDK. */
export const channelOptions = { 'grpc.max_receive_message_length': MESSAGE_BYTES_MAX, 'grpc.max_send_message_length': MESSAGE_BYTES_MAX };

/**
 * The nodes a client may talk to, of which it uses one at a time: the first that works, in the order given.
 * Channels are made when first needed and kept until `close`.
 */
export class NodePool {
  readonly #addresses: string[];
  readonly #target: Omit<ChannelTarget, 'address'>;
  readonly #connections = new Map<string, NodeConnection>();
  readonly #closing = new AbortController();
  #turn = 0;

  /** At least one address, the preferred first. */
  constructor(addresses: readonly string[], target: Omit<ChannelTarget, 'address'>) {
    this.#addresses = [...new Set(addresses)];
    this.#target = target;
    setMaxListeners(0, this.closed); // as many as there are streams
  }

  /** How many nodes there are to choose from. */
  get size(): number {
    return this.#addresses.length;
  }

  /** Aborted by `close`: whatever uses the pool ends then. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** The node in use. Throws CANCELLED when the pool is closed. */
  get current(): NodeConnection {
    if (this.closed.aborted) throw new OverlayError('CANCELLED', 'the client is closed');
    const address = this.#addresses[this.#turn % this.#addresses.length] ?? '';
    const known = this.#connections.get(address);
    if (known !== undefined) return known;
    const target = { ...this.#target, address, options: { ...channelOptions, ...this.#target.options } };
    const made = {
      address,
      overlay: createClient(overlay.OverlayServiceClient, target),
      multicast: createClient(multicast.MulticastServiceClient, target),
      closed: this.closed,
    };
    this.#connections.set(address, made);
    return made;
  }

  /** `address` failed: the next call goes to another node. Nothing happens when somebody moved on before. */
  moveOn(address: string): void {
    if (!this.closed.aborted && this.current.address === address) this.#turn++;
  }

  /** Nodes of the same overlay that one of them named; they are used after those that are known. */
  learn(addresses: readonly string[]): void {
    for (const address of addresses) if (!this.#addresses.includes(address) && this.#addresses.length < ADDRESSES_MAX) this.#addresses.push(address);
  }

  /** Ends every stream and closes every channel; unary calls under way fail. */
  close(): void {
    this.#closing.abort();
    for (const connection of this.#connections.values()) {
      connection.overlay.close();
      connection.multicast.close();
    }
    this.#connections.clear();
  }
}
