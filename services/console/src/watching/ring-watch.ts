import { createClient, callUnary, parseStatus } from '@banyan/grpc';
import { idFromBytes } from '@banyan/ids';
import { bootstrap } from '@banyan/proto';
import type { Logger } from '@banyan/telemetry';
import type { RingEvent } from '../contract.ts';
import type { NodeClients } from './node-clients.ts';
import { RingMap, type ListedNode } from './ring-map.ts';
import { rest, type Tell, type TopicSource } from './topic.ts';
import { toWatchNext } from './watch-choice.ts';

/** What the ring is watched with. */
export interface RingWatchPorts {
  readonly bootstrapAddress: string;
  readonly authority: string;
  readonly token: () => string | undefined;
  readonly clients: NodeClients;
  readonly logger: Logger;
}

const LOOK_EVERY_MS = 1_000;
const TELL_EVERY_MS = 250;
const LISTED_MAX = 200;
const EVENTS_KEPT = 100;
// Whom the console meets in its first seconds was there before.
const SETTLING_MS = 3_000;

/** The live ring: the bootstrap service's list every second, and the leaf sets of some nodes as they change. */
export class RingWatch implements TopicSource {
  readonly map = new RingMap();
  readonly #ports: RingWatchPorts;
  readonly #watched = new Set<string>();
  readonly #bootstrap: bootstrap.BootstrapServiceClient;
  #events: readonly RingEvent[] = [];
  #running: { readonly ending: AbortController; users: number } | undefined;
  readonly #tells = new Set<Tell>();
  #hasFailed = false;

  constructor(ports: RingWatchPorts) {
    this.#ports = ports;
    this.#bootstrap = createClient(bootstrap.BootstrapServiceClient, { address: ports.bootstrapAddress, authority: ports.authority, token: ports.token });
  }

  async watch(tell: Tell, signal: AbortSignal): Promise<void> {
    this.#tells.add(tell);
    await this.use(signal);
    this.#tells.delete(tell);
  }

  welcome(tell: Tell): void {
    tell('ring', { nodes: this.map.nodes, events: this.#events, watched: this.#watched.size });
  }

  /** Keeps the ring watched until `signal` is aborted: several watches stand on one. */
  async use(signal: AbortSignal): Promise<void> {
    const running = (this.#running ??= this.#begin());
    running.users += 1;
    while (!signal.aborted) await rest(1 << 30, signal);
    running.users -= 1;
    if (running.users > 0) return;
    running.ending.abort();
    this.#running = undefined;
  }

  close(): void {
    this.#running?.ending.abort();
    this.#bootstrap.close();
  }

  #begin(): { readonly ending: AbortController; users: number } {
    const ending = new AbortController();
    void this.#look(ending.signal);
    void this.#tellChanges(ending.signal);
    return { ending, users: 0 };
  }

  async #look(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#list();
      if (!signal.aborted) for (const id of toWatchNext(this.map, this.#watched)) void this.#watchNode(id, signal);
      await rest(LOOK_EVERY_MS, signal);
    }
  }

  async #list(): Promise<void> {
    try {
      const { supernodes } = await callUnary(this.#bootstrap.list.bind(this.#bootstrap), { region: '', limit: LISTED_MAX, includeJoining: true });
      this.map.list(supernodes.flatMap(listedNode), performance.now());
      this.#hasFailed = false;
    } catch (error) {
      const { reason, message } = parseStatus(error);
      // Once per outage: the control page says that it lasts.
      if (!this.#hasFailed) this.#ports.logger.warn({ event: 'ring_list_failed', reason, message });
      this.#hasFailed = true;
    }
  }

  async #watchNode(id: string, signal: AbortSignal): Promise<void> {
    const address = this.map.node(id)?.api;
    if (address === undefined) return;
    const client = this.#ports.clients.open(address);
    const close = (): void => client.close();
    this.#watched.add(id);
    signal.addEventListener('abort', close, { once: true });
    try {
      for await (const { node, isReady, leaves } of client.overlay.watchNeighbors()) {
        // Another node may answer where this one was: ports are given again.
        if (node.id !== id) break;
        this.map.leaves(node, isReady, leaves, performance.now());
      }
    } catch (error) {
      this.#ports.logger.debug({ event: 'node_watch_ended', node: id, reason: parseStatus(error).reason });
    } finally {
      signal.removeEventListener('abort', close);
      client.close();
      this.#watched.delete(id);
      this.map.unwatch(id, !signal.aborted, performance.now());
    }
  }

  async #tellChanges(signal: AbortSignal): Promise<void> {
    const settledAt = performance.now() + SETTLING_MS;
    while (!signal.aborted) {
      const { upsert, gone, news } = this.map.takeChange();
      const events = news.filter(({ type }) => type !== 'came' || performance.now() > settledAt).map((event) => ({ ...event, atMs: Date.now() }));
      this.#events = [...this.#events, ...events].slice(-EVENTS_KEPT);
      if (upsert.length + gone.length > 0) for (const tell of this.#tells) tell('ringChange', { upsert, gone, events, watched: this.#watched.size });
      await rest(TELL_EVERY_MS, signal);
    }
  }
}

function listedNode({ node, ageMs, load, ready }: bootstrap.Supernode): ListedNode[] {
  if (node === undefined) return [];
  const { id, incarnation, controlAddress, dataAddress, apiAddress, region, zone, capacity } = node;
  const place = { id: idFromBytes(id), incarnation, controlAddress, dataAddress, region, zone, capacity };
  return [{ node: { ...place, apiAddress: apiAddress === '' ? undefined : apiAddress }, ageMs, load, ready }];
}
