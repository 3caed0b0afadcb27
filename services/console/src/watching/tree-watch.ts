import type { Client, Coverage, Tree } from '@banyan/client';
import { parseStatus } from '@banyan/grpc';
import type { CoverageView, TreeView } from '../contract.ts';
import type { NodeClients } from './node-clients.ts';
import { rest, type Tell, type TopicSource } from './topic.ts';

const RETRY_MS = 1_000;

/** A group's tree and who has what of it, as the tree builder tells them: at most four pictures a second. */
export class TreeWatch implements TopicSource {
  #tree: TreeView | undefined;
  #coverage: CoverageView | undefined;

  constructor(
    private readonly group: string,
    private readonly clients: NodeClients,
    /** Any address: only the tree builder is asked. */
    private readonly address: string,
  ) {}

  welcome(tell: Tell): void {
    if (this.#tree !== undefined) tell('tree', this.#tree);
    if (this.#coverage !== undefined) tell('coverage', this.#coverage);
  }

  async watch(tell: Tell, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const client = this.clients.open(this.address);
      const close = (): void => client.close();
      signal.addEventListener('abort', close, { once: true });
      const fault = await Promise.race([this.#followTree(client, tell), this.#followCoverage(client, tell)]);
      signal.removeEventListener('abort', close);
      client.close();
      if (!signal.aborted) this.#sayTree(tell, { group: this.group, places: [], atMs: Date.now(), fault });
      await rest(RETRY_MS, signal);
    }
  }

  async #followTree(client: Client, tell: Tell): Promise<string> {
    try {
      for await (const tree of client.groups.watchTree(this.group)) this.#sayTree(tell, treeView(this.group, tree));
      return 'the tree builder ended the stream';
    } catch (error) {
      return parseStatus(error).message;
    }
  }

  async #followCoverage(client: Client, tell: Tell): Promise<string> {
    try {
      for await (const coverage of client.groups.watchCoverage(this.group)) {
        if (coverage === undefined) continue;
        this.#coverage = coverageView(this.group, coverage);
        tell('coverage', this.#coverage);
      }
      return 'the tree builder ended the stream';
    } catch (error) {
      return parseStatus(error).message;
    }
  }

  #sayTree(tell: Tell, view: TreeView): void {
    this.#tree = view;
    tell('tree', view);
  }
}

function treeView(group: string, { places, atMs }: Tree): TreeView {
  const epoch = places.reduce((newest, place) => (place.epoch > newest ? place.epoch : newest), 0n);
  const children = new Map(places.map((place) => [place.node.id, new Set(place.children)]));
  return {
    group,
    atMs,
    places: places.map(({ node, role, parent, subscriptions, isVoter, next, committed, epoch: own }) => ({
      ...{ id: node.id, region: node.region, role, subscriptions, isVoter, isHeld: parent === undefined ? role === 'root' && own === epoch : children.get(parent)?.has(node.id) === true, next: String(next), committed: String(committed) },
      ...(parent === undefined ? {} : { parent }),
    })),
  };
}

function coverageView(group: string, { members, covered, reached, committed, behind, missing }: Coverage): CoverageView {
  return {
    ...{ group, members: String(members), covered: String(covered), reached: String(reached), committed: String(committed), missing },
    behind: behind.map((lag) => ({ id: lag.member, reached: String(lag.reached) })),
  };
}
