// A ring of node processes on this machine, and a client at each node. Only experiments on real processes come here, and
// they load it when they run: it brings gRPC with it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@banyan/client';
import type { Id } from '@banyan/ids';
import { startOverlay, type LocalOverlay, type Settings } from '@banyan/local-overlay';
import type { Progress } from '../report/progress.ts';

/** Nodes whose experiment is over have nobody to hand anything to. */
const STOP_GRACE_MS = 1_000;
/** Many processes start on few processors. */
const READY_TIMEOUT_MS = 180_000;

export interface RealRingOptions {
  readonly nodes: number;
  /** Settings of every node. */
  readonly settings: Settings;
  readonly progress: Progress;
}

/** What one node says of its readiness, until it is gone. */
export type ReadyWatcher = (isReady: boolean) => void;

/** An overlay of real processes in a folder of its own; both go when it is disposed of. */
export class RealRing implements AsyncDisposable {
  readonly overlay: LocalOverlay;
  readonly #folder: string;
  readonly #clients = new Map<string, Client>();

  private constructor(overlay: LocalOverlay, folder: string) {
    this.overlay = overlay;
    this.#folder = folder;
  }

  /** Starts the control plane and the nodes; resolves when all of them are in the ring. */
  static async start({ nodes, settings, progress }: RealRingOptions): Promise<RealRing> {
    const folder = await mkdtemp(join(tmpdir(), 'banyan-lab-'));
    try {
      const overlay = await startOverlay({
        dataDir: join(folder, 'data'),
        nodes,
        nodeConfig: () => settings,
        readyTimeoutMs: READY_TIMEOUT_MS,
        stopGraceMs: STOP_GRACE_MS,
        onProgress: ({ up, total }) => progress.show('processes', up, total),
      });
      return new RealRing(overlay, folder);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** The nodes by name, those that are dead at present among them. */
  get nodes(): readonly { readonly name: string; readonly id: Id }[] {
    return this.overlay.nodes.map(({ name, id }) => ({ name, id: id as Id }));
  }

  /** The client that talks to this node only; undefined while there is none. */
  client(name: string): Client | undefined {
    return this.#clients.get(name);
  }

  /** Opens a client to a node, in place of an earlier one, and tells how its readiness changes while it lives. */
  async openClient(name: string, tell: ReadyWatcher): Promise<void> {
    this.closeClient(name);
    const address = this.overlay.nodes.find((node) => node.name === name)?.addresses['api'] ?? '';
    const client = await this.overlay.connect({ addresses: [address] });
    this.#clients.set(name, client);
    void watchReadiness(client, tell);
  }

  closeClient(name: string): void {
    this.#clients.get(name)?.close();
    this.#clients.delete(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of [...this.#clients.keys()]) this.closeClient(name);
    await this.overlay.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function watchReadiness(client: Client, tell: ReadyWatcher): Promise<void> {
  try {
    for await (const { isReady } of client.overlay.watchNeighbors()) tell(isReady);
  } catch {
    // The node was killed: whoever killed it knows.
  }
}
