import { OverlayError } from '@banyan/grpc';
import { filterTable, type Cut } from './cuts.ts';
import { deleteLeftovers, deleteNamespace, namespacePrefix, run } from './namespaces.ts';

/** Networks at once on one machine: each has a /24 of 10.213.0.0/16. */
const NETWORKS_MAX = 256;
const HOSTS_MAX = 250;
/** The namespace that holds the bridge. */
const SWITCH = 'switch';
const BRIDGE = 'br0';

/** A host of the network: a network namespace with an address of its own. */
export interface NetworkHost {
  readonly name: string;
  /** IPv4, reached from every host and from this process. */
  readonly address: string;
  /** Put before a command line, it runs there; the process keeps its number. */
  readonly enter: readonly string[];
}

/**
 * A network inside this machine: hosts are network namespaces, joined by a bridge, and packets between any two of them can be made to
 * vanish without a word. Linux, root, iproute2 and iptables. What an earlier process left behind when it was killed is removed by
 * the next network that is made.
 */
export class LocalNetwork implements AsyncDisposable {
  readonly #number: number;
  readonly #prefix: string;
  readonly #hosts = new Map<string, Promise<NetworkHost>>();
  readonly #addresses = new Map<string, string>();
  readonly #cuts = new Set<Cut>();
  #filtering: Promise<void> = Promise.resolve();

  private constructor(number: number) {
    this.#number = number;
    this.#prefix = `${namespacePrefix()}${number}-`;
  }

  /** Makes an empty network that this process is joined to. Throws NAMESPACES_UNAVAILABLE, which says what is missing. */
  static async create(): Promise<LocalNetwork> {
    await run('iptables', ['--version']);
    await deleteLeftovers();
    const network = new LocalNetwork(await takeNumber());
    try {
      await network.#join();
      return network;
    } catch (error) {
      await network.remove();
      throw error;
    }
  }

  /** Why this process can make no network, which it tries; undefined when it can. */
  static async whyNot(): Promise<string | undefined> {
    try {
      await (await LocalNetwork.create()).remove();
      return undefined;
    } catch (error) {
      if (error instanceof OverlayError && error.reason === 'NAMESPACES_UNAVAILABLE') return error.message;
      throw error;
    }
  }

  /** The host of that name, made when there is none. */
  host(name: string): Promise<NetworkHost> {
    let host = this.#hosts.get(name);
    if (host === undefined) this.#hosts.set(name, (host = this.#makeHost(name)));
    return host;
  }

  /** Loses these packets from now on, until `heal`. Connections stay open on both sides. */
  async cut(cuts: readonly Cut[]): Promise<void> {
    for (const cut of cuts) this.#cuts.add(cut);
    await this.#filter(cuts);
  }

  /** Ends these cuts, or all there are. */
  async heal(cuts: readonly Cut[] = [...this.#cuts]): Promise<void> {
    for (const cut of cuts) this.#cuts.delete(cut);
    await this.#filter(cuts);
  }

  /** Ends every process on its hosts, and the network. */
  async remove(): Promise<void> {
    await Promise.allSettled([...this.#hosts.values(), this.#filtering]);
    // The switch last: with it goes this process's link to it.
    for (const name of [...this.#hosts.keys(), SWITCH]) await deleteNamespace(this.#namespaceOf(name)).catch(() => undefined);
    await run('ip', ['link', 'delete', linkOf(this.#number)]).catch(() => undefined);
    this.#hosts.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.remove();
  }

  async #join(): Promise<void> {
    const [inside, link] = [this.#namespaceOf(SWITCH), linkOf(this.#number)];
    await run('ip', ['netns', 'add', inside]);
    await run('ip', ['-n', inside, 'link', 'add', 'name', BRIDGE, 'type', 'bridge']);
    await run('ip', ['-n', inside, 'link', 'set', BRIDGE, 'up']);
    await run('ip', ['link', 'set', peerOf(this.#number), 'netns', inside]);
    await run('ip', ['-n', inside, 'link', 'set', peerOf(this.#number), 'master', BRIDGE, 'up']);
    await run('ip', ['address', 'add', `${this.#addressAt(1)}/24`, 'dev', link]);
    await run('ip', ['link', 'set', link, 'up']);
  }

  async #makeHost(name: string): Promise<NetworkHost> {
    if (this.#hosts.size >= HOSTS_MAX) throw new OverlayError('NAMESPACES_UNAVAILABLE', `a network has no more than ${HOSTS_MAX} hosts`);
    const index = this.#addresses.size + 2; // 1 is this process
    const [address, inside, port] = [this.#addressAt(index), this.#namespaceOf(name), `h${index}`];
    this.#addresses.set(name, address);
    await run('ip', ['netns', 'add', inside]);
    await run('ip', ['-n', this.#namespaceOf(SWITCH), 'link', 'add', 'name', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', inside]);
    await run('ip', ['-n', this.#namespaceOf(SWITCH), 'link', 'set', port, 'master', BRIDGE, 'up']);
    await run('ip', ['-n', inside, 'address', 'add', `${address}/24`, 'dev', 'eth0']);
    await run('ip', ['-n', inside, 'link', 'set', 'eth0', 'up']);
    await run('ip', ['-n', inside, 'link', 'set', 'lo', 'up']);
    return { name, address, enter: ['ip', 'netns', 'exec', inside] };
  }

  /** One table after the other: the last one written must be the newest. */
  #filter(changed: readonly Cut[]): Promise<void> {
    const hosts = [...new Set(changed.map(({ to }) => to))];
    this.#filtering = this.#filtering.catch(() => undefined).then(async () => {
      await Promise.all(hosts.map((host) => this.#writeFilter(host)));
    });
    return this.#filtering;
  }

  async #writeFilter(name: string): Promise<void> {
    const [enter = '', ...rest] = (await this.host(name)).enter;
    await run(enter, [...rest, 'iptables-restore'], filterTable(name, this.#cuts, (host) => this.#addressOf(host)));
  }

  #addressOf(host: string): string {
    const address = this.#addresses.get(host);
    if (address === undefined) throw new OverlayError('NODE_NOT_FOUND', `the network has no host '${host}'`, { name: host });
    return address;
  }

  #addressAt(index: number): string {
    return `10.213.${this.#number}.${index}`;
  }

  #namespaceOf(host: string): string {
    return `${this.#prefix}${host}`;
  }
}

/** A number that no other network of this machine has: whoever makes the link of that name has it. */
async function takeNumber(): Promise<number> {
  const taken = await run('ip', ['-o', 'link', 'show']);
  for (let number = 0; number < NETWORKS_MAX; number++) {
    if (taken.includes(` ${linkOf(number)}@`)) continue;
    try {
      await run('ip', ['link', 'add', 'name', linkOf(number), 'type', 'veth', 'peer', 'name', peerOf(number)]);
      return number;
    } catch (error) {
      if (!(error instanceof OverlayError && error.message.includes('File exists'))) throw error;
    }
  }
  throw new OverlayError('NAMESPACES_UNAVAILABLE', `${NETWORKS_MAX} networks exist already`);
}

function linkOf(number: number): string {
  return `banyan-${number}`;
}

function peerOf(number: number): string {
  return `banyan-${number}s`;
}
