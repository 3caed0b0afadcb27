// A live overlay with a steady load, a real Prometheus with every rule, and the means to do an overlay harm.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client, Subscription } from '@banyan/client';
import type { LocalOverlay } from '@banyan/local-overlay';
import { burdened, type Burden } from './burdens.ts';
import { eventually } from './eventually.ts';
import { LiveTree, nameOf } from './live-tree.ts';
import { Prometheus, targetsOf, type Pace } from './prometheus.ts';
import { startTestOverlay } from './test-overlay.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const GROUP = 'admin/steady';
const MESSAGES_PER_S = 100;
const TICK_MS = 50;
const MESSAGE_BYTES = 4_096;

type NodeSettings = Readonly<Record<string, string | number | boolean>>;

/** Every alert rule with durations `factor` times shorter, as a file in `folder`; and the names of the alerts. */
export function shortenedRules(folder: string, factor: number): { readonly file: string; readonly names: readonly string[] } {
  const text = execFileSync(process.execPath, ['--conditions=@banyan/source', join(root, 'libs', 'alerts', 'src', 'main.ts'), 'print', '--factor', String(factor)], { encoding: 'utf8' });
  const file = join(folder, 'rules.yml');
  writeFileSync(file, text);
  return { file, names: [...text.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name) };
}

/** Nodes and control plane, one publisher at the first node and a reader at every other. */
export class AlertScene implements AsyncDisposable {
  readonly overlay: LocalOverlay;
  readonly prometheus: Prometheus;
  readonly client: Client;
  readonly folder: string;
  /** Taken over when a node is started or restarted, by its name. */
  readonly settings: Map<string, NodeSettings>;
  readonly burdens: Map<string, Burden>;
  readonly #clients: Client[] = [];
  readonly #subscriptions = new Set<Subscription>();
  readonly #isOver = new AbortController();
  #reading: Promise<unknown>[] = [];
  #tree: LiveTree | undefined;
  /** Readers go on reading. */
  #isRead = true;

  private constructor(parts: Pick<AlertScene, 'overlay' | 'prometheus' | 'client' | 'folder' | 'settings' | 'burdens'>) {
    this.overlay = parts.overlay;
    this.prometheus = parts.prometheus;
    this.client = parts.client;
    this.folder = parts.folder;
    this.settings = parts.settings;
    this.burdens = parts.burdens;
  }

  static async start(folder: string, { nodes, rules, pace }: { readonly nodes: number; readonly rules: readonly string[]; readonly pace: Pace }): Promise<AlertScene> {
    const settings = new Map<string, NodeSettings>();
    const burdens = new Map<string, Burden>();
    const overlay = await startTestOverlay({
      dataDir: join(folder, 'data'),
      nodes,
      nodeConfig: (name) => settings.get(name) ?? {},
      envOf: (name) => {
        const burden = burdens.get(name);
        return burden === undefined ? {} : burdened(folder, burden);
      },
    });
    const client = await overlay.connect();
    const prometheus = await Prometheus.start(targetsOf(overlay), rules, pace);
    const scene = new AlertScene({ overlay, prometheus, client, folder, settings, burdens });
    await scene.#begin();
    return scene;
  }

  get nodes(): readonly string[] {
    return this.overlay.nodes.map(({ name }) => name);
  }

  /** The last node: the load begins elsewhere. */
  get last(): string {
    return this.nodes.at(-1) ?? '';
  }

  async rootName(): Promise<string> {
    return eventually('a root', () => this.#tree?.root !== undefined && nameOf(this.overlay, this.#tree.root));
  }

  addressOf(name: string, port: string): string {
    const entry = this.overlay.nodes.find((node) => node.name === name) ?? this.overlay.file.services[name as 'auth'];
    return entry?.addresses[port] ?? '';
  }

  /** A client that knows one node only. */
  async clientAt(name: string, patienceMs?: number): Promise<Client> {
    const client = await this.overlay.connect({ addresses: [this.addressOf(name, 'api')], ...(patienceMs === undefined ? {} : { patienceMs }) });
    this.#clients.push(client);
    return client;
  }

  /** Restarts a node with more settings, or a burden; and once more without when the cause ends. */
  async changed(name: string, change: { readonly settings?: NodeSettings; readonly burden?: Burden }): Promise<() => Promise<void>> {
    if (change.settings !== undefined) this.settings.set(name, change.settings);
    if (change.burden !== undefined) this.burdens.set(name, change.burden);
    await this.overlay.restart(name);
    return async () => {
      this.settings.delete(name);
      this.burdens.delete(name);
      await this.overlay.restart(name);
    };
  }

  /** From now on what runs is what is scraped; with `without`, less these jobs. */
  watchAll(without: readonly string[] = []): void {
    this.prometheus.watch(targetsOf(this.overlay).filter(({ labels }) => !without.includes(labels['job'] ?? '')));
  }

  /** Readers take nothing until they are told to go on. */
  stopReading(): () => void {
    this.#isRead = false;
    return () => void (this.#isRead = true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver.abort();
    await Promise.allSettled([...this.#subscriptions].map((subscription) => subscription.close()));
    for (const client of [this.client, ...this.#clients]) client.close();
    await Promise.allSettled(this.#reading);
    await this.prometheus[Symbol.asyncDispose]();
    await this.overlay.stop();
  }

  async #begin(): Promise<void> {
    await this.client.groups.create(GROUP);
    this.#tree = new LiveTree(this.client, GROUP);
    const [publisher, ...readers] = await Promise.all(
      this.nodes.map((_, at) => this.overlay.connect({ addresses: this.nodes.map((_node, i) => this.addressOf(this.nodes[(at + i) % this.nodes.length] ?? '', 'api')), patienceMs: 600_000 })),
    );
    this.#clients.push(...[publisher, ...readers].filter((client) => client !== undefined));
    this.#reading = [...readers.map((client) => this.#read(client)), publisher === undefined ? Promise.resolve() : this.#publish(publisher)];
  }

  // Whatever becomes of a subscription or a session, the load goes on in a new one.
  async #read(client: Client): Promise<void> {
    while (!this.#isOver.signal.aborted) {
      try {
        const subscription = await client.subscribe(GROUP);
        this.#subscriptions.add(subscription);
        for await (const event of subscription) {
          void event;
          while (!this.#isRead && !this.#isOver.signal.aborted) await pause(TICK_MS);
        }
        this.#subscriptions.delete(subscription);
      } catch {
        await pause(TICK_MS);
      }
    }
  }

  async #publish(client: Client): Promise<void> {
    while (!this.#isOver.signal.aborted) {
      try {
        const publisher = await client.publish(GROUP);
        const message = Buffer.alloc(MESSAGE_BYTES);
        while (!this.#isOver.signal.aborted) {
          for (let n = 0; n < (MESSAGES_PER_S * TICK_MS) / 1_000; n++) await publisher.send(message);
          await pause(TICK_MS);
        }
        publisher.abort();
      } catch {
        await pause(TICK_MS);
      }
    }
  }
}
