import { setMaxListeners } from 'node:events';
import { idFromBytes, type Id } from '@banyan/ids';
import { createClient, OverlayError, parseStatus, type ChannelTarget, type UnaryMethod } from '@banyan/grpc';
import { builder, multicast } from '@banyan/proto';
import { ask, messagesOf, type AskOptions } from './ask.ts';
import { coverageOf, type Coverage } from './coverage.ts';
import { channelOptions } from './node-pool.ts';
import { planOf, whatIfMessage, type Plan, type WhatIf } from './plan.ts';
import { present } from './present.ts';
import { treePlace, type TreePlace } from './tree-place.ts';

/** A plan of a thousand nodes takes most of a minute. */
const PLAN_DEADLINE_MS = 180_000;

/** What a group promises. */
export type DeliveryName = 'best-effort' | 'ordered' | 'reliable';

/** Once the slowest counted subscriber is `bytes` behind, publishers are held for `maxWaitMs` at most; then he is detached. */
export interface Backpressure {
  readonly bytes: bigint;
  readonly maxWaitMs: bigint;
}

/** A group as its descriptor says it. */
export interface Group {
  readonly name: string;
  readonly owner: string;
  readonly key: Id;
  readonly delivery: DeliveryName;
  readonly retentionBytes: bigint;
  readonly retentionMs: bigint;
  readonly fanOutMax: number;
  /** How far it waits for slow subscribers; absent: for nobody. */
  readonly backpressure?: Backpressure;
  /** Trees that share the payloads; 1: one tree carries everything. */
  readonly stripes: number;
  /** The last stripe carries the parity of the others, from which a payload that one of them lacks is rebuilt. */
  readonly parity: boolean;
  /** Subjects; `*` is anyone with the scope. */
  readonly publishers: readonly string[];
  readonly subscribers: readonly string[];
  readonly createdAtMs: number;
  readonly version: bigint;
}

/** A group with its signature, and what was reported of its tree. */
export interface DescribedGroup extends Group {
  /** To be handed to `publish` and `subscribe` when the tree builder may be away. */
  readonly signed: multicast.SignedGroupDescriptor;
  /** Nodes in the tree. */
  readonly nodes: number;
  /** Subscriptions on them. */
  readonly subscriptions: number;
}

/** What a new group is to be; what is left out takes the builder's default. */
export interface NewGroup {
  /** By default `reliable`. */
  readonly delivery?: DeliveryName;
  /** Bytes kept at every forwarder, by default 64 MiB. */
  readonly retentionBytes?: bigint;
  /** How long they are kept, by default 60 s. */
  readonly retentionMs?: bigint;
  /** Children of a forwarder at most, by default 8. */
  readonly fanOutMax?: number;
  /** By default 8 MiB and 2 s in a reliable group, nobody in others; 0 bytes: nobody is waited for. */
  readonly backpressure?: Backpressure;
  /** Trees that share the payloads, 1 to 16, by default 1. */
  readonly stripes?: number;
  /** The last of at least 3 stripes carries the parity of the others. By default not. */
  readonly parity?: boolean;
  /** By default anyone with the scope. */
  readonly publishers?: readonly string[];
  readonly subscribers?: readonly string[];
}

/** The picture of a group's tree at one moment, the root first. */
export interface Tree {
  readonly places: readonly TreePlace[];
  readonly atMs: number;
}

/** Groups and their trees, as the tree builder keeps them. Names are completed with the caller's subject. */
export class GroupsApi {
  readonly #address: string;
  readonly #api: builder.TreeBuilderServiceClient;
  readonly #fullName: (name: string) => string;
  readonly #closing = new AbortController();

  constructor(target: ChannelTarget, fullName: (name: string) => string) {
    this.#address = target.address;
    this.#api = createClient(builder.TreeBuilderServiceClient, { ...target, options: { ...channelOptions, ...target.options } });
    this.#fullName = fullName;
    setMaxListeners(0, this.#closing.signal); // as many as there are watchers
  }

  /** Creates a group of the caller. */
  async create(name: string, group: NewGroup = {}, options: AskOptions = {}): Promise<Group> {
    const request: builder.CreateGroupRequest = {
      name: this.#fullName(name),
      delivery: deliveries.get(group.delivery ?? 'reliable') ?? multicast.Delivery.UNSPECIFIED,
      retentionBytes: group.retentionBytes ?? 0n,
      retentionMs: group.retentionMs ?? 0n,
      fanOutMax: group.fanOutMax ?? 0,
      backpressure: group.backpressure,
      stripes: group.stripes ?? 0,
      parity: group.parity ?? false,
      publishers: [...(group.publishers ?? [])],
      subscribers: [...(group.subscribers ?? [])],
    };
    const { descriptor } = await this.#ask(this.#api.createGroup, request, options);
    return groupOf(decode(present(descriptor, 'descriptor')));
  }

  /** One group, with its signature and the size of its tree. */
  async describe(name: string, options: AskOptions = {}): Promise<DescribedGroup> {
    const request: builder.DescribeGroupRequest = { group: { $case: 'name', value: this.#fullName(name) } };
    const { descriptor, nodes, subscribers } = await this.#ask(this.#api.describeGroup, request, options);
    const signed = present(descriptor, 'descriptor');
    return { ...groupOf(decode(signed)), signed, nodes, subscriptions: subscribers };
  }

  /** All groups whose names begin with `prefix`, by name, fetched a page at a time. */
  async *list(prefix = '', options: AskOptions = {}): AsyncGenerator<Group, void, void> {
    let pageToken = '';
    do {
      const page = await this.#ask(this.#api.listGroups, { prefix, pageSize: 100, pageToken }, options);
      yield* page.groups.map(groupOf);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
  }

  /** Deletes a group of the caller (or any, with scope `admin`). */
  async delete(name: string, options: AskOptions = {}): Promise<void> {
    await this.#ask(this.#api.deleteGroup, { name: this.#fullName(name) }, options);
  }

  /**
   * What would become of a group's tree, from the machines that nodes run, in virtual time; nothing is changed. Throws
   * TREE_NOT_PLANNED when no tree stands. Needs `admin`, or the owner's token.
   */
  async plan(name: string, whatIf: WhatIf, { seed = 0, ...options }: AskOptions & { readonly seed?: number } = {}): Promise<Plan> {
    const request: builder.PlanRequest = { group: this.#fullName(name), whatIf: whatIfMessage(whatIf), seed };
    return planOf(await this.#ask(this.#api.plan, request, { deadlineMs: PLAN_DEADLINE_MS, ...options }));
  }

  /** The picture of a group's tree, now and whenever it changes, until the reader leaves or the client is closed. */
  async *watchTree(name: string): AsyncGenerator<Tree, void, void> {
    try {
      for await (const { places, atMs } of messagesOf(this.#address, this.#api.watchTree({ group: this.#fullName(name) }), this.#closing.signal)) {
        yield { places: places.map(treePlace), atMs: Number(atMs) };
      }
    } catch (error) {
      throw atBuilder(error, this.#address);
    }
  }

  /**
   * Names of the groups that a pattern (`news/*`, `news/>`) means and the caller may read: at first all there are, then what
   * comes and goes, until `signal` is aborted, the reader leaves or the client is closed. Throws GROUP_PATTERN_INVALID.
   */
  async *watch(pattern: string, signal?: AbortSignal): AsyncGenerator<{ readonly came: readonly string[]; readonly gone: readonly string[] }, void, void> {
    const over = signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
    try {
      for await (const { groups, gone } of messagesOf(this.#address, this.#api.watchGroups({ pattern }), over)) {
        yield { came: groups.map((signed) => decode(signed).name), gone };
      }
    } catch (error) {
      throw atBuilder(error, this.#address);
    }
  }

  /**
   * Who of a group has what, now and whenever that changes, until the reader leaves or the client is closed; undefined until
   * the group's root has told.
   */
  async *watchCoverage(name: string): AsyncGenerator<Coverage | undefined, void, void> {
    try {
      for await (const { coverage } of messagesOf(this.#address, this.#api.watchCoverage({ group: this.#fullName(name) }), this.#closing.signal)) {
        yield coverage === undefined ? undefined : coverageOf(coverage);
      }
    } catch (error) {
      throw atBuilder(error, this.#address);
    }
  }

  /** Ends what is watched, and closes the channel. */
  close(): void {
    this.#closing.abort();
    this.#api.close();
  }

  /** One call; when nobody answers, it says who that would be, and that groups live on. */
  async #ask<Request, Response>(method: UnaryMethod<Request, Response>, request: Request, options: AskOptions): Promise<Response> {
    try {
      return await ask(this.#address, method.bind(this.#api), request, options);
    } catch (error) {
      throw atBuilder(error, this.#address);
    }
  }
}

function atBuilder(error: unknown, address: string): OverlayError {
  const told = parseStatus(error);
  if (told.reason !== 'UNREACHABLE') return told;
  return new OverlayError('UNREACHABLE', `the tree builder does not answer at ${address}; groups that exist go on without it`, told.metadata, { cause: told });
}

const deliveries: ReadonlyMap<DeliveryName, multicast.Delivery> = new Map<DeliveryName, multicast.Delivery>([
  ['best-effort', multicast.Delivery.BEST_EFFORT],
  ['ordered', multicast.Delivery.ORDERED],
  ['reliable', multicast.Delivery.RELIABLE],
]);

const deliveryNames = new Map([...deliveries].map(([name, delivery]) => [delivery, name]));

function decode(signed: multicast.SignedGroupDescriptor): multicast.GroupDescriptor {
  try {
    return multicast.GroupDescriptor.decode(signed.descriptor);
  } catch (cause) {
    throw new OverlayError('DESCRIPTOR_INVALID', 'the tree builder sent a descriptor that cannot be read', {}, { cause });
  }
}

function groupOf(descriptor: multicast.GroupDescriptor): Group {
  return {
    name: descriptor.name,
    owner: descriptor.owner,
    key: idFromBytes(descriptor.key),
    delivery: deliveryNames.get(descriptor.delivery) ?? 'reliable',
    retentionBytes: descriptor.retentionBytes,
    retentionMs: descriptor.retentionMs,
    fanOutMax: descriptor.fanOutMax,
    ...(descriptor.backpressure === undefined ? {} : { backpressure: descriptor.backpressure }),
    stripes: Math.max(1, descriptor.stripes),
    parity: descriptor.parity ?? false,
    publishers: descriptor.publishers,
    subscribers: descriptor.subscribers,
    createdAtMs: Number(descriptor.createdAtMs),
    version: descriptor.version,
  };
}
