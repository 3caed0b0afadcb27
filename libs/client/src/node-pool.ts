import { createClient, type ChannelTarget } from '@banyan/grpc';
import { multicast, overlay } from '@banyan/proto';

/** The API of one node: both services over one channel. */
export interface NodeConnection {
  readonly address: string;
  readonly overlay: overlay.OverlayServiceClient;
  readonly multicast: multicast.MulticastServiceClient;
}

// A frame closes at 64 KiB, a batch at 1 MiB; the rest is room for fields and for what later versions add.
const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;

/** Options of every channel of the SDK. */
export const channelOptions = { 'grpc.max_receive_message_length': MESSAGE_BYTES_MAX, 'grpc.max_send_message_length': MESSAGE_BYTES_MAX };

/**
 * The nodes a client may talk to, of which it uses one at a time: the first that works, in the order given.
 * Channels are made when first needed and kept until `close`.
 */
export class NodePool {
  readonly #addresses: readonly string[];
  readonly #target: Omit<ChannelTarget, 'address'>;
  readonly #connections = new Map<string, NodeConnection>();
  #turn = 0;

  /** At least one address, the preferred first. */
  constructor(addresses: readonly string[], target: Omit<ChannelTarget, 'address'>) {
    this.#addresses = [...new Set(addresses)];
    this.#target = target;
  }

  /** How many nodes there are to choose from. */
  get size(): number {
    return this.#addresses.length;
  }

  /** The node in use. */
  get current(): NodeConnection {
    const address = this.#addresses[this.#turn % this.#addresses.length] ?? '';
    const known = this.#connections.get(address);
    if (known !== undefined) return known;
    const target = { ...this.#target, address, options: { ...channelOptions, ...this.#target.options } };
    const made = { address, overlay: createClient(overlay.OverlayServiceClient, target), multicast: createClient(multicast.MulticastServiceClient, target) };
    this.#connections.set(address, made);
    return made;
  }

  /** `address` failed: the next call goes to another node. Nothing happens when somebody moved on before. */
  moveOn(address: string): void {
    if (this.current.address === address) this.#turn++;
  }

  /** Closes every channel; calls under way fail. */
  close(): void {
    for (const connection of this.#connections.values()) {
      connection.overlay.close();
      connection.multicast.close();
    }
    this.#connections.clear();
  }
}
