// A real Prometheus (Debian's package) for the length of a test: scrapes often, keeps its data in a folder of its own.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalOverlay } from '@banyan/local-overlay';
import { eventually } from './eventually.ts';

/** How to get the program where it is missing. */
export const PROMETHEUS_INSTALL = 'apt-get install prometheus';

const TARGETS_FILE = 'targets.json';

/** What is scraped, and the labels that the scrape configuration gives it. */
export interface Target {
  /** `host:port` that answers `/metrics`. */
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** One line of an answer: its labels and its value of now. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** How often it looks. */
export interface Pace {
  /** Between two scrapes, which may take as long, s. */
  readonly scrapeS: number;
  /** Between two looks at the rules, s. */
  readonly evaluateS: number;
}

interface QueryAnswer {
  readonly status: 'success' | 'error';
  readonly error?: string;
  readonly data?: { readonly result: readonly { readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] }[] };
}

/** Whether the program is installed. */
export function hasPrometheus(): boolean {
  return spawnSync('prometheus', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** A running Prometheus. */
export class Prometheus implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #address: string;

  private constructor(child: ChildProcess, directory: string, address: string) {
    this.#child = child;
    this.#directory = directory;
    this.#address = address;
  }

  /** Starts it on these targets, with the rules of these files; by default it looks every second. Resolves when it answers queries. */
  static async start(targets: readonly Target[], ruleFiles: readonly string[] = [], { scrapeS, evaluateS }: Pace = { scrapeS: 1, evaluateS: 1 }): Promise<Prometheus> {
    const directory = mkdtempSync(join(tmpdir(), 'banyan-prometheus-'));
    writeTargets(directory, targets);
    const config = {
      global: { scrape_interval: `${scrapeS}s`, scrape_timeout: `${scrapeS}s`, evaluation_interval: `${evaluateS}s` },
      rule_files: ruleFiles,
      scrape_configs: [{ job_name: 'banyan', file_sd_configs: [{ files: [join(directory, TARGETS_FILE)], refresh_interval: '2s' }] }],
    };
    writeFileSync(join(directory, 'prometheus.yml'), JSON.stringify(config)); // JSON is YAML
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn('prometheus', [
      `--config.file=${join(directory, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=error',
    ], { stdio: ['ignore', 2, 2] });
    const prometheus = new Prometheus(child, directory, address);
    try {
      await eventually('Prometheus answers', () => prometheus.#isReady());
      return prometheus;
    } catch (error) {
      await prometheus[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Scrapes these from now on, within two seconds. */
  watch(targets: readonly Target[]): void {
    writeTargets(this.#directory, targets);
  }

  /** Names of the alerts that fire. */
  async firing(): Promise<ReadonlySet<string>> {
    return new Set((await this.query('ALERTS{alertstate="firing"}')).map(({ labels }) => labels['alertname'] ?? ''));
  }

  /** The value of an expression now. Throws when Prometheus does not understand it. */
  async query(expression: string): Promise<readonly Sample[]> {
    const response = await fetch(`http://${this.#address}/api/v1/query`, { method: 'POST', body: new URLSearchParams({ query: expression }) });
    const answer = (await response.json()) as QueryAnswer;
    if (answer.status !== 'success') throw new Error(`${answer.error ?? response.statusText}: ${expression}`);
    return (answer.data?.result ?? []).map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
      await once(this.#child, 'exit');
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #isReady(): Promise<boolean> {
    if (this.#child.exitCode !== null) throw new Error(`Prometheus ended with ${this.#child.exitCode}`);
    return fetch(`http://${this.#address}/-/ready`).then((response) => response.ok, () => false);
  }
}

// Whole or not at all: it may be read at any time.
function writeTargets(directory: string, targets: readonly Target[]): void {
  const file = join(directory, TARGETS_FILE);
  writeFileSync(`${file}.new`, JSON.stringify(targets.map(({ address, labels }) => ({ targets: [address], labels }))));
  renameSync(`${file}.new`, file);
}

/** Every process of an overlay, labelled as the dashboards and the alerts want it. */
export function targetsOf({ file }: LocalOverlay): readonly Target[] {
  const services = Object.entries(file.services).map(([name, { addresses }]) => ({ address: addresses['admin'] ?? '', labels: { job: name, node: name } }));
  const nodes = file.nodes.map(({ name, addresses }) => ({ address: addresses['admin'] ?? '', labels: { job: 'pastry-node', node: name } }));
  return [...services, ...nodes];
}

// Prometheus takes no port 0 that it would tell afterwards, so a port is tried out first.
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
