import { idFromBytes, type Id } from '@banyan/ids';
import { overlay } from '@banyan/proto';
import { ask, askAnyNode, messagesOf, type AskOptions } from './ask.ts';
import { drainProgress, type DrainProgress } from './drain.ts';
import { attach, type Attachment, type AttachOptions } from './attachment.ts';
import type { NodePool } from './node-pool.ts';
import { present } from './present.ts';
import { keyOf, ringNode, type KeyText, type RingNode } from './ring-node.ts';

/** What chose a hop. */
export type HopRuleName = 'leafSet' | 'routingTable' | 'rareCase' | 'application' | 'unknown';

/** One hop of a route. */
export interface TracedHop {
  /** The node that chose. */
  readonly at: Id;
  /** The node it chose. */
  readonly to: Id;
  readonly rule: HopRuleName;
  /** Row and column of the routing table, where the rule is `routingTable`. */
  readonly row: number | undefined;
  readonly column: number | undefined;
  /** Smoothed round-trip time between the two; undefined before it was measured. */
  readonly roundTripMs: number | undefined;
  /** How long the message waited at `at` for earlier attempts. */
  readonly waitMs: number;
}

/** A route told hop by hop. */
export interface TracedRoute {
  readonly key: Id;
  readonly root: RingNode;
  /** Empty when the asked node is the root. */
  readonly hops: readonly TracedHop[];
  readonly elapsedMs: number;
  /** Round-trip time over the direct link to the root, where it was ever measured. */
  readonly directRoundTripMs: number | undefined;
}

/** Who a key belongs to. */
export interface FoundRoot {
  readonly key: Id;
  readonly root: RingNode;
  /** The nodes closest to the key, the root first. */
  readonly replicas: readonly RingNode[];
  readonly hops: number;
  readonly elapsedMs: number;
}

/** Who holds a key's replicas, as one node knows it. */
export interface ReplicaSet {
  readonly key: Id;
  /** Closest first, the asked node among them. */
  readonly replicas: readonly RingNode[];
  /** The asked node delivers what is routed to the key. */
  readonly isRoot: boolean;
}

/** The whole state of a node. */
export interface NodeState {
  readonly node: RingNode;
  readonly isReady: boolean;
  /** One JSON object, keys sorted. */
  readonly stateJson: string;
  /** 16 hex digits; equal states have equal digests. */
  readonly digest: string;
}

/** A node's leaf set at one moment. */
export interface Neighbors {
  readonly node: RingNode;
  readonly isReady: boolean;
  /** It leaves the ring, or has left it: it will not be ready again in this life. */
  readonly isLeaving: boolean;
  /** Nearest first. */
  readonly leaves: readonly RingNode[];
  readonly gained: readonly RingNode[];
  readonly lost: readonly RingNode[];
}

/** Key-based routing as a client sees it. Every unary call has a deadline; reads pass over nodes that do not answer. */
export class OverlayApi {
  readonly #pool: NodePool;

  constructor(pool: NodePool) {
    this.#pool = pool;
  }

  /**
   * Routes `payload` (at most 64 KiB) to the root of `key`, where the attached `application` gets it.
   * Not repeated by itself: after TIMEOUT it may or may not have been delivered.
   */
  async route(key: KeyText, application: string, payload: Uint8Array, options: AskOptions = {}): Promise<{ readonly root: RingNode; readonly hops: number }> {
    const { address, overlay: api } = this.#pool.current;
    const answer = await ask(address, api.route.bind(api), { key: keyOf(key), application, payload }, options);
    return { root: ringNode(present(answer.root, 'root')), hops: answer.hops };
  }

  /** The root of `key` and the nodes next in line, `replicas` (1 to 16) in all. */
  lookup(key: KeyText, { replicas = 4, ...options }: AskOptions & { readonly replicas?: number } = {}): Promise<FoundRoot> {
    return askAnyNode(this.#pool, async ({ address, overlay: api }) => {
      const answer = await ask(address, api.lookup.bind(api), { key: keyOf(key), replicas }, options);
      const { hops, elapsedMs } = answer;
      return { key: idFromBytes(answer.key), root: ringNode(present(answer.root, 'root')), replicas: answer.replicas.map(ringNode), hops, elapsedMs };
    });
  }

  /** The way to the root of `key`, hop by hop, without delivering anything there. */
  trace(key: KeyText, options: AskOptions = {}): Promise<TracedRoute> {
    return askAnyNode(this.#pool, ({ address, overlay: api }) =>
      ask(address, api.trace.bind(api), { key: keyOf(key), dryRun: true, application: '', payload: new Uint8Array() }, options).then(tracedRoute),
    );
  }

  /** Same as `trace`, but the attached `application` at the root gets `payload`. Not repeated by itself. */
  async traceDelivery(key: KeyText, application: string, payload: Uint8Array, options: AskOptions = {}): Promise<TracedRoute> {
    const { address, overlay: api } = this.#pool.current;
    return tracedRoute(await ask(address, api.trace.bind(api), { key: keyOf(key), dryRun: false, application, payload }, options));
  }

  /**
   * Takes the node in use out of the ring, and tells every change until it has left. Scope `admin`. `graceMs`: how long it may take;
   * by default what the node is configured with.
   */
  async *drain({ graceMs = 0 }: { readonly graceMs?: number } = {}): AsyncGenerator<DrainProgress, void, void> {
    const { address, overlay: api, closed } = this.#pool.current;
    for await (const response of messagesOf(address, api.drain({ graceMs }), closed)) yield drainProgress(response);
  }

  /** The state of the node in use. Scope `admin`. */
  async state(options: AskOptions = {}): Promise<NodeState> {
    const { address, overlay: api } = this.#pool.current;
    const answer = await ask(address, api.getState.bind(api), {}, options);
    return { node: ringNode(present(answer.node, 'node')), isReady: answer.ready, stateJson: answer.stateJson, digest: answer.digest };
  }

  /** The leaf set of the node in use, now and after every change, until the reader leaves, the client is closed or the node is gone. */
  async *watchNeighbors(): AsyncGenerator<Neighbors, void, void> {
    const { address, overlay: api, closed } = this.#pool.current;
    for await (const seen of messagesOf(address, api.watchNeighbors({}), closed)) yield neighbors(seen);
  }

  /** The leaf set of the node in use as it is now. */
  async neighbors({ deadlineMs = 10_000 }: AskOptions = {}): Promise<Neighbors> {
    const { address, overlay: api } = this.#pool.current;
    const responses = messagesOf(address, api.watchNeighbors({}, { deadline: Date.now() + deadlineMs }));
    try {
      const first = await responses.next();
      return neighbors(present(first.value ?? undefined, 'neighbors'));
    } finally {
      await responses.return();
    }
  }

  /** The nodes closest to `key` as the node in use knows them, `replicas` (1 to 16) at most, and whether it is the root. */
  async replicaSet(key: KeyText, { replicas = 4, ...options }: AskOptions & { readonly replicas?: number } = {}): Promise<ReplicaSet> {
    const { address, overlay: api } = this.#pool.current;
    const answer = await ask(address, api.replicaSet.bind(api), { key: keyOf(key), replicas }, options);
    return { key: idFromBytes(answer.key), replicas: answer.replicas.map(ringNode), isRoot: answer.isRoot };
  }

  /** Attaches an application to the node in use; resolves when the attachment stands. */
  attach(application: string, options: AttachOptions = {}): Promise<Attachment> {
    return attach(this.#pool.current, application, options);
  }
}

function neighbors(seen: overlay.WatchNeighborsResponse): Neighbors {
  const node = ringNode(present(seen.node, 'node'));
  return { node, isReady: seen.ready, isLeaving: seen.leaving, leaves: seen.leaves.map(ringNode), gained: seen.gained.map(ringNode), lost: seen.lost.map(ringNode) };
}

function tracedRoute(answer: overlay.TraceResponse): TracedRoute {
  return {
    key: idFromBytes(answer.key),
    root: ringNode(present(answer.root, 'root')),
    hops: answer.hops.map(tracedHop),
    elapsedMs: answer.elapsedMs,
    directRoundTripMs: answer.directRoundTripMs,
  };
}

function tracedHop(hop: overlay.Hop): TracedHop {
  const { row, column, roundTripMs, waitMs } = hop;
  return { at: idFromBytes(hop.at), to: idFromBytes(hop.to), rule: ruleNames.get(hop.rule) ?? 'unknown', row, column, roundTripMs, waitMs };
}

const ruleNames: ReadonlyMap<overlay.HopRule, HopRuleName> = new Map<overlay.HopRule, HopRuleName>([
  [overlay.HopRule.LEAF_SET, 'leafSet'],
  [overlay.HopRule.ROUTING_TABLE, 'routingTable'],
  [overlay.HopRule.RARE_CASE, 'rareCase'],
  [overlay.HopRule.APPLICATION, 'application'],
]);
