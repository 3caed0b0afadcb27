import { parseStatus } from '@banyan/grpc';
import type { LeavesView } from '../contract.ts';
import type { NodeClients } from './node-clients.ts';
import type { RingWatch } from './ring-watch.ts';
import { rest, type Tell, type TopicSource } from './topic.ts';

const RETRY_MS = 1_000;

/** The leaf set of one node, as it changes. */
export class LeavesWatch implements TopicSource {
  #last: LeavesView | undefined;

  constructor(
    private readonly id: string,
    private readonly ring: RingWatch,
    private readonly clients: NodeClients,
  ) {}

  welcome(tell: Tell): void {
    if (this.#last !== undefined) tell('leaves', this.#last);
  }

  async watch(tell: Tell, signal: AbortSignal): Promise<void> {
    const using = this.ring.use(signal);
    while (!signal.aborted) {
      const fault = await this.#follow(tell, signal);
      if (!signal.aborted) this.#say(tell, { id: this.id, ready: false, leaves: [], fault });
      await rest(RETRY_MS, signal);
    }
    await using;
  }

  async #follow(tell: Tell, signal: AbortSignal): Promise<string> {
    const address = this.ring.map.node(this.id)?.api;
    if (address === undefined) return 'the address of its API is not known (yet)';
    using client = this.clients.open(address);
    const close = (): void => client.close();
    signal.addEventListener('abort', close, { once: true });
    try {
      for await (const { node, isReady, leaves } of client.overlay.watchNeighbors()) {
        if (node.id !== this.id) return `another node answers at ${address}`;
        this.#say(tell, { id: this.id, ready: isReady, leaves: leaves.map((leaf) => leaf.id) });
      }
      return 'the node ended the stream';
    } catch (error) {
      return parseStatus(error).message;
    } finally {
      signal.removeEventListener('abort', close);
    }
  }

  #say(tell: Tell, view: LeavesView): void {
    this.#last = view;
    tell('leaves', view);
  }
}
