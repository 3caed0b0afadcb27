import type { DrainProgress } from '@banyan/client';
import { OverlayError, parseStatus } from '@banyan/grpc';
import type { DrainView } from '../contract.ts';
import type { NodeClients } from '../watching/node-clients.ts';
import { rest, type Tell, type TopicSource } from '../watching/topic.ts';

/** Drains that are remembered; the one begun longest ago goes. */
const DRAINS_MAX = 64;

/** The drains begun through this console, as they go on: they do not stop when the page that began one is closed. */
export class Drains {
  readonly #views = new Map<string, DrainView>();
  readonly #tells = new Map<string, Set<Tell>>();

  constructor(private readonly clients: NodeClients) {}

  /** Begins a drain with the token of whoever asks; resolves when the node has taken it up, with its end. Throws what the node refused it with. */
  async begin(node: { readonly id: string; readonly api: string }, token: string): Promise<{ readonly ended: Promise<DrainView> }> {
    if (this.#views.get(node.id)?.isDone === false) throw new OverlayError('BUSY', `${node.id} drains already`, { id: node.id });
    const client = this.clients.open(node.api, () => token);
    const progress = client.overlay.drain();
    const close = (): void => client.close();
    try {
      const first = await progress.next();
      if (first.done === true) throw new OverlayError('LINK_CLOSED', `${node.id} ended the stream before it began to drain`);
      this.#say(viewOf(node.id, first.value));
      return { ended: this.#follow(node.id, progress).finally(close) };
    } catch (error) {
      close();
      throw parseStatus(error);
    }
  }

  /** The drain of one node, to be followed by pages. */
  of(id: string): TopicSource {
    return {
      welcome: (tell) => {
        const view = this.#views.get(id);
        if (view !== undefined) tell('drain', view);
      },
      watch: async (tell, signal) => {
        const tells = this.#tells.get(id) ?? new Set();
        this.#tells.set(id, tells.add(tell));
        while (!signal.aborted) await rest(1 << 30, signal);
        tells.delete(tell);
        if (tells.size === 0) this.#tells.delete(id);
      },
    };
  }

  async #follow(id: string, progress: AsyncGenerator<DrainProgress, void, void>): Promise<DrainView> {
    try {
      for await (const step of progress) this.#say(viewOf(id, step));
    } catch (error) {
      this.#lost(id, parseStatus(error).message);
    }
    if (this.#views.get(id)?.isDone === false) this.#lost(id, 'the node was not heard of any more before it had left');
    return this.#views.get(id) ?? { id, steps: [], isDone: true };
  }

  #lost(id: string, fault: string): void {
    const view = this.#views.get(id);
    if (view?.isDone === false) this.#say({ ...view, isDone: true, fault });
  }

  #say(view: DrainView): void {
    this.#views.delete(view.id);
    this.#views.set(view.id, view);
    for (const [oldest, old] of this.#views) {
      if (this.#views.size <= DRAINS_MAX) break;
      if (old.isDone) this.#views.delete(oldest);
      else break;
    }
    for (const tell of this.#tells.get(view.id) ?? []) tell('drain', view);
  }
}

function viewOf(id: string, { steps, isDone }: DrainProgress): DrainView {
  return { id, steps, isDone };
}
