import { readFile, rm } from 'node:fs/promises';
import { connect, type Client, type ConnectOptions } from '@banyan/client';
import { OverlayError } from '@banyan/grpc';
import type { LaunchOptions } from './launch-options.ts';
import { awaitLeftovers } from './leftovers.ts';
import { takeLauncherLock } from './launcher-lock.ts';
import { writeWhole, type NodeEntry, type OverlayFile, type ServiceEntry, type ServiceName } from './overlay-file.ts';
import { overlayPaths, type OverlayPaths } from './overlay-paths.ts';
import { TOKEN_RENEWAL_MS, writeToken } from './overlay-token.ts';
import { builtPrograms, type Programs } from './programs.ts';
import { keptSecrets, type OverlaySecrets } from './secrets.ts';
import { ServiceProcess } from './service-process.ts';
import { authSettings, consoleSettings, environmentOf, listenAt, listenSettings, nodeSettings, serviceSettings, type OverlayFacts, type Settings } from './settings.ts';
import { waitUntilReady } from './wait-ready.ts';

const READY_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 12_000;
/** The host of the network on which everything runs that is no node. */
const SERVICES_HOST = 'services';
// A starting process takes a processor for about a second; more at once only make each slower.
const STARTS_AT_ONCE = 3;

/** Starts an overlay of real processes; resolves when every node is in the ring. After a failure nothing is left running. */
export async function startOverlay(options: LaunchOptions): Promise<LocalOverlay> {
  const overlay = await LocalOverlay.prepare(options);
  try {
    await overlay.start();
    return overlay;
  } catch (error) {
    await overlay.stop();
    throw error;
  }
}

/**
 * A local overlay: auth, bootstrap, tree builder and nodes, each a process of its own on ports it chose itself. Whatever
 * happens to this process, they stop: they read the end of the pipe it holds.
 */
export class LocalOverlay implements AsyncDisposable {
  readonly paths: OverlayPaths;
  readonly #options: LaunchOptions;
  readonly #programs: Programs;
  readonly #secrets: OverlaySecrets;
  readonly #releaseLock: () => void;
  readonly #processes = new Map<string, ServiceProcess>(); // in the order of their start
  readonly #launching = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #renewal: NodeJS.Timeout | undefined;
  #up = 0;
  #writing: Promise<void> = Promise.resolve();
  #nodesMade = 0;
  /** On whose host of the network a process runs that took over a dead one's addresses. */
  readonly #hostOf = new Map<string, string>();

  private constructor(options: LaunchOptions, paths: OverlayPaths, secrets: OverlaySecrets, releaseLock: () => void) {
    this.#options = options;
    this.paths = paths;
    this.#programs = options.programs ?? builtPrograms();
    this.#secrets = secrets;
    this.#releaseLock = releaseLock;
    options.signal?.addEventListener('abort', () => this.#stopping.abort(), { once: true });
    if (options.signal?.aborted === true) this.#stopping.abort();
  }

  /** Takes the data directory, without starting anything. */
  static async prepare(options: LaunchOptions): Promise<LocalOverlay> {
    const paths = overlayPaths(options.dataDir);
    const releaseLock = takeLauncherLock(paths.lockFile);
    try {
      await awaitLeftovers(paths.overlayFile, options.stopGraceMs ?? STOP_GRACE_MS);
      return new LocalOverlay(options, paths, await keptSecrets(paths.secretsFile), releaseLock);
    } catch (error) {
      releaseLock();
      throw error;
    }
  }

  /** Starts everything in order: auth, then bootstrap and tree builder, then the first node, then the others. */
  async start(): Promise<void> {
    await this.#startService('auth');
    await this.#renewToken();
    await Promise.all([this.#startService('bootstrap'), this.#startService('tree-builder')]);
    if (this.#options.console === true) await this.#startService('console');
    await this.addNode();
    const others = Array.from({ length: this.#options.nodes - 1 }, () => this.#nextNodeName());
    await Promise.all(Array.from({ length: STARTS_AT_ONCE }, () => this.#startNodesFrom(others)));
    this.#renewal = setInterval(() => void this.#renewToken().catch(() => undefined), TOKEN_RENEWAL_MS).unref(); // auth may be down; the old token is good for as long again
  }

  /** The picture that `overlay.json` holds. */
  get file(): OverlayFile {
    const nodes = this.nodes;
    const services = Object.fromEntries([...this.#processes.values()].filter((service) => !isNode(service)).map((service) => [service.name, entryOf(service)]));
    return { version: 1, launcherPid: process.pid, authorityFile: this.paths.authorityFile, tokenFile: this.paths.tokenFile, services, nodes };
  }

  /** The nodes in the order of their numbers, those that were killed among them. */
  get nodes(): readonly NodeEntry[] {
    const nodes = [...this.#processes.values()].filter(isNode);
    return nodes.map((node) => ({ name: node.name, id: node.ready.id ?? '', ...entryOf(node) })).sort((a, b) => numberOf(a.name) - numberOf(b.name));
  }

  /** The process of that name. Throws NODE_NOT_FOUND. */
  process(name: string): ServiceProcess {
    const found = this.#processes.get(name);
    if (found === undefined) throw new OverlayError('NODE_NOT_FOUND', `the overlay has no process '${name}'`, { name });
    return found;
  }

  /** Sends a signal; for one that ends the process, resolves when it has ended. */
  async kill(name: string, signal: NodeJS.Signals): Promise<void> {
    const target = this.process(name);
    target.kill(signal);
    if (signal === 'SIGKILL' || signal === 'SIGTERM' || signal === 'SIGINT') await target.exited;
  }

  /** Starts a process again in its directory, on the addresses it had; one that runs is stopped before. */
  async restart(name: string): Promise<void> {
    const before = this.process(name);
    this.#processes.delete(name); // its end is asked for
    await before.stop(this.#stopGraceMs);
    const addresses = before.ready.addresses;
    if (isNode(before)) await this.#startNode(name, listenSettings(addresses));
    else await this.#startService(name as ServiceName, listenSettings(addresses));
  }

  /** Starts one more node and waits until it is in the ring; `inPlaceOf` names one that ended: the new one listens on its addresses. */
  async addNode({ inPlaceOf }: { readonly inPlaceOf?: string } = {}): Promise<NodeEntry> {
    const name = this.#nextNodeName();
    if (inPlaceOf === undefined) await this.#startNode(name);
    else {
      this.#hostOf.set(name, this.#hostOf.get(inPlaceOf) ?? inPlaceOf);
      await this.#startNode(name, listenSettings(this.process(inPlaceOf).ready.addresses));
    }
    const entry = this.nodes.find((node) => node.name === name);
    if (entry === undefined) throw new OverlayError('SERVICE_FAILED', `${name} ended`, { name });
    return entry;
  }

  /** A client with the overlay's own token; `addresses` by default all nodes that run, in order. */
  async connect(options: Partial<ConnectOptions> = {}): Promise<Client> {
    const treeBuilder = this.file.services['tree-builder']?.addresses['api'];
    const running = this.nodes.filter((node) => this.process(node.name).isRunning);
    return connect({
      addresses: running.map((node) => node.addresses['api'] ?? ''),
      authorityFile: this.paths.authorityFile,
      token: (await readFile(this.paths.tokenFile, 'utf8')).trim(),
      ...(treeBuilder === undefined ? {} : { treeBuilder }),
      ...options,
    });
  }

  /** Stops everything, nodes first, and gives the data directory back. Resolves when no process is left. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#renewal);
    await Promise.allSettled(this.#launching);
    const all = [...this.#processes.values()];
    const [nodes, services] = [all.filter(isNode), all.filter((service) => !isNode(service) && service.name !== 'auth')];
    for (const tier of [nodes, services, all.filter((service) => service.name === 'auth')]) {
      await Promise.all(tier.map((service) => service.stop(this.#stopGraceMs)));
    }
    await this.#writing.catch(() => undefined);
    await rm(this.paths.overlayFile, { force: true });
    await rm(this.paths.tokenFile, { force: true });
    this.#releaseLock();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  get #stopGraceMs(): number {
    return this.#options.stopGraceMs ?? STOP_GRACE_MS;
  }

  #nextNodeName(): string {
    return `node-${++this.#nodesMade}`;
  }

  async #startNodesFrom(names: string[]): Promise<void> {
    for (let name = names.shift(); name !== undefined; name = names.shift()) await this.#startNode(name);
  }

  async #startService(name: ServiceName, listen: Settings = {}): Promise<void> {
    const facts = this.#facts();
    const settings = settingsOf(name, facts);
    await this.#track(this.#launch(name, this.#programs[name], { ...settings, ...this.#options.services?.[name], ...listen }));
  }

  async #startNode(name: string, listen: Settings = {}): Promise<void> {
    const index = numberOf(name) - 1;
    const settings = nodeSettings(name, index === 0, this.#facts());
    await this.#track(this.#launch(name, this.#programs['pastry-node'], { ...settings, ...this.#options.nodeConfig?.(name, index), ...listen }));
  }

  /** Remembers what is under way, so that `stop` leaves nothing that came up meanwhile. */
  #track(launch: Promise<void>): Promise<void> {
    this.#launching.add(launch);
    return launch.finally(() => this.#launching.delete(launch));
  }

  async #launch(name: string, program: string, settings: Settings): Promise<void> {
    const readyTimeoutMs = this.#options.readyTimeoutMs ?? READY_TIMEOUT_MS;
    const host = await this.#options.network?.host(isServiceName(name) ? SERVICES_HOST : (this.#hostOf.get(name) ?? name));
    const listen = host === undefined ? {} : listenAt(host.address, isServiceName(name) ? name : 'pastry-node');
    const env = { ...environmentOf({ ...listen, ...settings }), ...this.#options.env, ...this.#options.envOf?.(name) };
    const order = { name, program, env, logFile: this.paths.logOf(name), readyTimeoutMs, ...(host === undefined ? {} : { enter: host.enter }) };
    const started = await ServiceProcess.start(order, this.#stopping.signal);
    this.#processes.set(name, started);
    void started.exited.then((exit) => this.#noteExit(name, started, exit));
    await waitUntilReady(started, readyTimeoutMs, this.#stopping.signal);
    await this.#write();
    this.#options.onProgress?.({ name, up: ++this.#up, total: this.#options.nodes + (this.#options.console === true ? 4 : 3) });
  }

  #noteExit(name: string, ended: ServiceProcess, exit: { readonly code: number | null; readonly signal: NodeJS.Signals | null }): void {
    if (this.#stopping.signal.aborted || this.#processes.get(name) !== ended) return;
    this.#options.onDeath?.(name, exit);
  }

  #facts(): OverlayFacts {
    const services = Object.fromEntries(Object.entries(this.file.services).map(([name, entry]) => [name, entry.addresses]));
    return { paths: this.paths, secrets: this.#secrets, services };
  }

  async #renewToken(): Promise<void> {
    await writeToken(this.paths, this.#processes.get('auth')?.ready.addresses['api'], this.#secrets.adminSecret);
  }

  /** One write after the other: several nodes come up at once. */
  #write(): Promise<void> {
    this.#writing = this.#writing.catch(() => undefined).then(() => writeWhole(this.paths.overlayFile, `${JSON.stringify(this.file, undefined, 2)}\n`));
    return this.#writing;
  }
}

function settingsOf(name: ServiceName, facts: OverlayFacts): Settings {
  switch (name) {
    case 'auth':
      return authSettings(facts);
    case 'console':
      return consoleSettings(facts);
    default:
      return serviceSettings(name, facts);
  }
}

function isNode(service: ServiceProcess): boolean {
  return service.ready.service === 'pastry-node';
}

function isServiceName(name: string): name is ServiceName {
  return !/^node-\d+$/.test(name);
}

function numberOf(name: string): number {
  return Number(name.slice(name.lastIndexOf('-') + 1));
}

function entryOf(service: ServiceProcess): ServiceEntry {
  return { ...service.identity, addresses: service.ready.addresses };
}
