import { callUnary, type OverlayError } from '@banyan/grpc';
import type { Overlay } from '@banyan/host';
import { idToBytes } from '@banyan/ids';
import type { bootstrap } from '@banyan/proto';
import type { Logger } from '@banyan/telemetry';
import { toNode } from '../api/to-proto.ts';
import type { PeerService } from '@banyan/service-kit';
import type { SelfNode } from '../ports.ts';

/** How long the service may take to answer, ms. */
const ANSWER_TIMEOUT_MS = 3_000;
/** Between heartbeats when the service is away, ms; it grows to the greatest. */
const AWAY_RETRY_MS = 1_000;
const AWAY_RETRY_MS_MAX = 30_000;
/** Heartbeats in one lease: two may be lost. */
const BEATS_PER_LEASE = 3;

/**
 * The node's side of the bootstrap service: it registers, keeps its lease by heartbeats that tell load and readiness,
 * and takes itself off the list when it leaves. While the service is away the node goes on and tries again.
 */
export class BootstrapRegistration {
  readonly #service: PeerService<bootstrap.BootstrapServiceClient>;
  readonly #overlay: Overlay;
  readonly #self: SelfNode;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #isRegistered = false;
  #isBeating = false;
  #isStopped = false;
  #retryMs = AWAY_RETRY_MS;

  constructor(service: PeerService<bootstrap.BootstrapServiceClient>, overlay: Overlay, self: SelfNode, logger: Logger) {
    this.#service = service;
    this.#overlay = overlay;
    this.#self = self;
    this.#logger = logger;
  }

  /** Registers, and from then on keeps registered. A change of readiness is told at once. */
  start(): void {
    this.#overlay.onReadyChanged(() => void this.#beat());
    void this.#beat();
  }

  /** Takes the node off the list, if the service answers. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    const { client } = this.#service;
    if (this.#isRegistered) await callUnary(client.deregister.bind(client), { nodeId: this.#nodeId }, ANSWER_TIMEOUT_MS).catch(() => undefined);
  }

  async #beat(): Promise<void> {
    if (this.#isBeating || this.#isStopped) return;
    this.#isBeating = true;
    clearTimeout(this.#timer);
    const wasReady = this.#overlay.isReady;
    const nextMs = await this.#tell(wasReady);
    this.#isBeating = false;
    if (this.#isStopped) return;
    // What changed while the beat was under way is told by the next, at once.
    this.#timer = setTimeout(() => void this.#beat(), this.#overlay.isReady === wasReady ? nextMs : 0).unref();
  }

  // Gives the time to the next beat, ms.
  async #tell(ready: boolean): Promise<number> {
    const { client } = this.#service;
    const load = this.#overlay.load();
    try {
      if (!this.#isRegistered) await callUnary(client.register.bind(client), { node: toNode(this.#self.handle, this.#self.apiAddress), load }, ANSWER_TIMEOUT_MS);
      if (!this.#isRegistered) this.#logger.info({ event: 'registered', address: this.#service.address });
      this.#isRegistered = true;
      const incarnation = BigInt(this.#self.handle.incarnation);
      const { leaseMs } = await callUnary(client.heartbeat.bind(client), { nodeId: this.#nodeId, incarnation, load, ready }, ANSWER_TIMEOUT_MS);
      this.#retryMs = AWAY_RETRY_MS;
      return leaseMs / BEATS_PER_LEASE;
    } catch (error) {
      return this.#afterFailure(error as OverlayError);
    }
  }

  #afterFailure(error: OverlayError): number {
    const isForgotten = error.reason === 'NOT_REGISTERED';
    if (isForgotten || this.#retryMs === AWAY_RETRY_MS) this.#logger.warn({ event: 'heartbeat_failed', reason: error.reason, address: this.#service.address }, error.message);
    this.#isRegistered = this.#isRegistered && !isForgotten;
    if (isForgotten) return 0;
    this.#retryMs = Math.min(this.#retryMs * 2, AWAY_RETRY_MS_MAX);
    return this.#retryMs;
  }

  get #nodeId(): Uint8Array {
    return idToBytes(this.#self.handle.id);
  }
}

/** Control addresses of live nodes by the service's list, the best first; undefined when it does not answer. */
export async function listSupernodes(service: PeerService<bootstrap.BootstrapServiceClient>, region: string, own: Uint8Array): Promise<readonly string[] | undefined> {
  return (await listOthers(service, region, own))?.map((node) => node.controlAddress);
}

/** API addresses of live nodes by the service's list, the best first; none when it does not answer. */
export async function listApis(service: PeerService<bootstrap.BootstrapServiceClient>, region: string, own: Uint8Array): Promise<readonly string[]> {
  return (await listOthers(service, region, own))?.flatMap(({ apiAddress }) => (apiAddress === '' ? [] : [apiAddress])) ?? [];
}

async function listOthers({ client }: PeerService<bootstrap.BootstrapServiceClient>, region: string, own: Uint8Array) {
  try {
    const { supernodes } = await callUnary(client.list.bind(client), { region, limit: 0, includeJoining: false }, ANSWER_TIMEOUT_MS);
    return supernodes.flatMap(({ node }) => (node === undefined || Buffer.from(node.id).equals(own) ? [] : [node]));
  } catch {
    return undefined; // away: the caller has other lists
  }
}
