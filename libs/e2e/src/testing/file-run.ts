// One file, one publisher, subscribers on other nodes: the scene of the transfer tests.
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@banyan/client';
import type { LocalOverlay } from '@banyan/local-overlay';
import { CliProcess, banyanCommand } from './cli-process.ts';
import { eventually } from './eventually.ts';
import { LiveTree } from './live-tree.ts';
import { writeRandomFile } from './random-file.ts';

/** What is sent, to how many, and how long it is kept. */
export interface FileRunOptions {
  /** Name of the group, and of the folder of this run. */
  readonly name: string;
  /** How many nodes have a subscriber: all but the first, who publishes, or fewer. */
  readonly subscribers: number;
  readonly megabytes: number;
  readonly seed: number;
  /** As `banyan group create` takes it. */
  readonly retention: string;
  readonly retentionSeconds: number;
  readonly fanOut: number;
  /** Trees that share the payloads; absent: one. */
  readonly stripes?: number;
  /** Bytes per second of the publisher; absent: as fast as it goes. */
  readonly rate?: string;
}

/** A transfer that is under way over an overlay that outlives it. */
export class FileRun implements AsyncDisposable {
  readonly overlay: LocalOverlay;
  readonly client: Client;
  readonly tree: LiveTree;
  readonly digest: string;
  readonly subscribers: readonly CliProcess[];
  readonly publisher: CliProcess;
  readonly #folder: string;
  readonly #bytes: number;

  private constructor(parts: Pick<FileRun, 'overlay' | 'client' | 'tree' | 'digest' | 'subscribers' | 'publisher'> & { readonly folder: string; readonly bytes: number }) {
    ({ overlay: this.overlay, client: this.client, tree: this.tree, digest: this.digest, subscribers: this.subscribers, publisher: this.publisher } = parts);
    this.#folder = parts.folder;
    this.#bytes = parts.bytes;
  }

  /** Makes the group and the subscribers in `folder`, and, once all of them are grafted, the publisher. */
  static async start(overlay: LocalOverlay, parent: string, options: FileRunOptions): Promise<FileRun> {
    const folder = join(parent, options.name);
    mkdirSync(join(folder, 'out'), { recursive: true });
    const digest = writeRandomFile(join(folder, 'source.bin'), options.megabytes, options.seed);
    const { dataDir } = overlay.paths;
    const group = `admin/${options.name}`;
    const stripes = options.stripes === undefined ? [] : ['--stripes', String(options.stripes)];
    const made = await banyanCommand(dataDir, 'group', 'create', group, '--retention', options.retention, '--retention-seconds', String(options.retentionSeconds), '--fan-out', String(options.fanOut), ...stripes);
    if (made.code !== 0) throw new Error(`group create ended with ${made.code}: ${made.stderr}`);
    const [publishing, ...others] = overlay.nodes.map((node) => node.name);
    const subscribers = others.slice(0, options.subscribers).map((name) =>
      new CliProcess(dataDir, ['subscribe', group, '--node', name, '--out', join(folder, 'out', name), '--until-end']));
    const client = await overlay.connect();
    const tree = new LiveTree(client, group);
    await eventually('every subscriber is grafted', () => {
      const ended = subscribers.find((subscriber) => !subscriber.running);
      if (ended !== undefined) throw new Error(`a subscriber ended early: ${ended.printed}`);
      return tree.places.reduce((sum, place) => sum + place.subscriptions, 0) >= subscribers.length;
    });
    const rate = options.rate === undefined ? [] : ['--rate', options.rate];
    const publisher = new CliProcess(dataDir, ['publish', group, '--node', publishing ?? '', '--file', join(folder, 'source.bin'), ...rate]);
    return new FileRun({ overlay, client, tree, digest, subscribers, publisher, folder, bytes: options.megabytes * 1024 * 1024 });
  }

  /** Where subscriber `i` puts the file. */
  output(i: number): string {
    return join(this.#folder, 'out', this.overlay.nodes[i + 1]?.name ?? '');
  }

  /** Waits until some subscriber holds this share of the file. */
  async until(share: number): Promise<void> {
    await eventually(`a subscriber has ${share} of the file`, () => {
      const held = this.subscribers.map((_, i) => sizeOf(`${this.output(i)}.part`) + sizeOf(this.output(i)));
      return Math.max(...held) >= share * this.#bytes;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const command of [this.publisher, ...this.subscribers]) command.stop();
    this.client.close();
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
