import { readFile } from 'node:fs/promises';
import { assertAuthority, OverlayError, type ChannelTarget } from '@banyan/grpc';
import { ANYCAST_DEADLINE_MS, type AnycastAnswer } from './anycast.ts';
import { ask, type AskOptions } from './ask.ts';
import { groupName, subjectOf } from './group-name.ts';
import { GroupsApi } from './groups-api.ts';
import { NodePool } from './node-pool.ts';
import { OverlayApi } from './overlay-api.ts';
import { PatternSubscription } from './pattern-subscription.ts';
import { present } from './present.ts';
import { Publisher, type PublishOptions } from './publisher.ts';
import { ringNode } from './ring-node.ts';
import { slowReader, type SlowReader } from './slow-reader.ts';
import { Subscription, type SubscribeOptions } from './subscription.ts';
import { treePlace, type TreePlace } from './tree-place.ts';

/** Where an overlay is and who calls. */
export interface ConnectOptions {
  /** API addresses of nodes, `host:port`, the preferred first; the others are used when it fails. At least one. */
  readonly addresses: readonly string[];
  /** The authority's certificate, PEM; or give `authorityFile`. */
  readonly authority?: string;
  readonly authorityFile?: string;
  /** The bearer token, or where to get it at every call. */
  readonly token?: string | (() => string | undefined);
  /** API address of the tree builder, for `groups`. */
  readonly treeBuilder?: string;
  /** How long streams look for a node that serves them before they give up, ms; by default 120,000. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 120_000;

/**
 * A client of an overlay. Nothing is sent before the first call.
 * Throws FILE_NOT_FOUND when the authority's certificate cannot be read, AUTHORITY_INVALID when it is none.
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  const authority = options.authority ?? (await readAuthority(options.authorityFile));
  assertAuthority(authority);
  return new Client(options, authority);
}

/** Key-based routing, groups, publishing and subscribing, over whichever node answers. */
export class Client implements Disposable {
  readonly overlay: OverlayApi;
  readonly #pool: NodePool;
  readonly #target: Omit<ChannelTarget, 'address'>;
  readonly #options: ConnectOptions;
  #groups: GroupsApi | undefined;

  constructor(options: ConnectOptions, authority: string) {
    const { addresses, token } = options;
    if (addresses.length === 0) throw new OverlayError('OVERLAY_NOT_FOUND', 'no address of a node was given');
    this.#options = options;
    this.#target = { authority, token: typeof token === 'function' ? token : () => token };
    this.#pool = new NodePool(addresses, this.#target);
    this.overlay = new OverlayApi(this.#pool);
  }

  /** Groups and their trees, at the tree builder. Throws UNREACHABLE when no address of it was given. */
  get groups(): GroupsApi {
    if (this.#groups !== undefined) return this.#groups;
    const address = this.#options.treeBuilder;
    if (address === undefined) throw new OverlayError('UNREACHABLE', 'no address of the tree builder was given');
    return (this.#groups = new GroupsApi({ ...this.#target, address }, (name) => this.fullName(name)));
  }

  /** Opens a publishing session; resolves when a node has taken it. */
  async publish(group: string, options: PublishOptions = {}): Promise<Publisher> {
    return Publisher.open(this.#pool, this.fullName(group), this.#options.patienceMs ?? PATIENCE_MS, options);
  }

  /** Subscribes; resolves when the graft is acknowledged, so that whatever is published from then on will come. */
  async subscribe(group: string, options: SubscribeOptions = {}): Promise<Subscription> {
    return Subscription.open(this.#pool, this.fullName(group), this.#options.patienceMs ?? PATIENCE_MS, options);
  }

  /**
   * Subscribes to every group that a pattern means, also those made later: `news/*` for one level, `news/>` for any depth.
   * Needs the tree builder to find groups; those found go on without it.
   */
  subscribeAll(pattern: string, options: Omit<SubscribeOptions, 'descriptor'> = {}): Promise<PatternSubscription> {
    const patienceMs = this.#options.patienceMs ?? PATIENCE_MS;
    return PatternSubscription.open(pattern, { groups: this.groups, patienceMs, subscribe: (group, how) => this.subscribe(group, how) }, options);
  }

  /**
   * Offers something of at most 64 KiB to one member of a group, a near one: a subscriber with `answer`. At most `visitsMax` nodes
   * (by default 64) are asked. Throws NOBODY_ACCEPTED. If an answer is lost it may be offered to another member as well.
   */
  async anycast(group: string, payload: Uint8Array, { visitsMax = 0, ...options }: AskOptions & { readonly visitsMax?: number } = {}): Promise<AnycastAnswer> {
    const { address, multicast: api } = this.#pool.current;
    const request = { group: this.fullName(group), payload: Buffer.from(payload), visitsMax, descriptor: undefined };
    const { node, reply, visits } = await ask(address, api.anycast.bind(api), request, { deadlineMs: ANYCAST_DEADLINE_MS, ...options });
    return { node: ringNode(present(node, 'node')), reply, visits };
  }

  /** What the node in use knows of its own place in a group's tree, without asking anyone. */
  async place(group: string, options: AskOptions = {}): Promise<TreePlace> {
    const { address, multicast: api } = this.#pool.current;
    const { place } = await ask(address, api.describePlace.bind(api), { group: this.fullName(group) }, options);
    return treePlace(present(place, 'place'));
  }

  /** Who takes messages of the node in use more slowly than they come, the longest first; of one group or of all. */
  async slow(group?: string, options: AskOptions = {}): Promise<readonly SlowReader[]> {
    const { address, multicast: api } = this.#pool.current;
    const { readers } = await ask(address, api.listSlow.bind(api), { group: group === undefined ? '' : this.fullName(group) }, options);
    return readers.map(slowReader);
  }

  /** A group's full name: without a slash it is put under the token's subject. */
  fullName(name: string): string {
    return groupName(name, subjectOf(this.#target.token?.()));
  }

  /** Ends publishers, subscriptions, attachments and what is watched, and closes every channel; calls under way fail. */
  close(): void {
    this.#pool.close();
    this.#groups?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

async function readAuthority(file: string | undefined): Promise<string> {
  if (file === undefined) throw new OverlayError('OVERLAY_NOT_FOUND', "the authority's certificate was not given");
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new OverlayError('FILE_NOT_FOUND', `cannot read the authority's certificate ${file}`, { file }, { cause });
  }
}
