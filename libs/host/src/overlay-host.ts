import { randomInt } from 'node:crypto';
import { OverlayError } from '@banyan/grpc';
import { DescriptorVerifier, type PeerIdentity } from '@banyan/identity';
import type { Id } from '@banyan/ids';
import type { Coordinate, NodeHandle, RoutingView } from '@banyan/kbr';
import type { Multicast, Remaining } from '@banyan/multicast';
import { createFullNode, FULL_NODE_KIND, RECORDING_VERSION, type FullApplications, type FullNodeParts, type OverlayNode } from '@banyan/overlay';
import { LOCAL_PASTRY_CONFIG, type PastryNode } from '@banyan/pastry';
import { digest, seededRng, type Json, type Millis } from '@banyan/sansio';
import { createMetricsRegistry, NO_LOGGER, NO_TRACER, type Logger } from '@banyan/telemetry';
import { nodeCodec, type DescriptorCheck } from '@banyan/wire';
import { Attachments } from './attachments.ts';
import type { Ask, Attachment, HostState, LookupAnswer, Neighbors, Ongoing, Overlay, OverlayHostOptions, ReplicaSet, TraceAnswer } from './contract.ts';
import { Driver, SYSTEM_CLOCK } from './driver.ts';
import { Effects } from './effects.ts';
import { EmulatedNetwork } from './emulation/emulated-network.ts';
import { FlightRecorder } from './flight-recorder.ts';
import { toNode } from './handles.ts';
import { HostGroups } from './host-groups.ts';
import { HostMetrics, type HostGauges } from './host-metrics.ts';
import type { HostEffect, HostInput } from './machine.ts';
import { NeighborWatch } from './neighbor-watch.ts';
import { PeerSide } from './peer-side.ts';
import { Questions } from './questions.ts';

const CAPACITY = 16;
const LEAVE_GRACE_MS = 10_000;
const MS_PER_S = 1_000;

/** What stands before the host does: its links, and what counts them. */
interface HostParts {
  readonly options: OverlayHostOptions;
  readonly self: NodeHandle;
  readonly peers: PeerSide;
  readonly metrics: HostMetrics;
  readonly isSigned: DescriptorCheck;
}

/** One node of the overlay in this process: the machine, its driver, its links, and the doors for its users. */
export class OverlayHost implements Overlay {
  readonly self: NodeHandle;
  readonly groups: HostGroups;
  readonly #options: OverlayHostOptions;
  readonly #log: Logger;
  readonly #node: OverlayNode<FullApplications>;
  readonly #routing: PastryNode;
  readonly #multicast: Multicast;
  readonly #driver: Driver<HostInput, HostEffect>;
  readonly #peers: PeerSide;
  readonly #metrics: HostMetrics;
  readonly #effects: Effects;
  readonly #questions: Questions;
  readonly #attachments: Attachments;
  readonly #neighbors: NeighborWatch;
  readonly #recorder: FlightRecorder;
  readonly #readyListeners = new Set<(ready: boolean) => void>();
  #stopping: Promise<void> | undefined;
  #hasLeftRing = false;
  #busy = performance.eventLoopUtilization();

  /** A host whose listeners stand; it is in no ring before `start`. Throws PORT_TAKEN, ADDRESS_UNAVAILABLE. */
  static async open(options: OverlayHostOptions): Promise<OverlayHost> {
    const { id } = options.credentials.identity;
    const isRevoked = options.isRevoked ?? (() => false);
    const verifier = new DescriptorVerifier(options.credentials.authority, isRevoked);
    // The links must listen before the node knows its addresses, and the machine needs those: so the links find the host later.
    const made: { host?: OverlayHost } = {};
    let self: NodeHandle = { id, incarnation: options.incarnation, controlAddress: '', dataAddress: '', region: options.region ?? '', zone: options.zone ?? '', capacity: options.capacity ?? CAPACITY };
    const emulated = options.emulate === undefined ? undefined : new EmulatedNetwork(options.emulate, id, seededRng(randomInt(2 ** 32)));
    const isSigned: DescriptorCheck = (signed) => verifier.verify(signed).type === 'verified';
    const peers = new PeerSide({
      id,
      self: () => toNode(self),
      credentials: options.credentials,
      isSigned,
      refusal: (peer) => refusalOf(peer, isRevoked),
      metrics: () => metrics,
      logger: options.logger ?? NO_LOGGER,
      post: (input) => made.host?.post(input) ?? false,
      postSurely: (input) => made.host?.postSurely(input),
      ...(options.spoken === undefined ? {} : { spoken: options.spoken }),
      ...(options.unprotectedData === undefined ? {} : { unprotectedData: options.unprotectedData }),
      ...(emulated === undefined ? {} : { emulated }),
    });
    const metrics = new HostMetrics(options.metrics ?? createMetricsRegistry({ processMetrics: false }), () => ({
      controlLinks: peers.control.size,
      dataLinks: peers.data.size,
      emulatedSites: options.emulate?.sites ?? 0,
      ...(made.host?.sizes() ?? NO_SIZES),
    }));
    const [control, data] = await listening(peers, options);
    self = { ...self, controlAddress: advertised(control, options.advertise?.controlHost), dataAddress: advertised(data, options.advertise?.dataHost) };
    made.host = new OverlayHost({ options, self, peers, metrics, isSigned });
    return made.host;
  }

  private constructor({ options, self, peers, metrics, isSigned }: HostParts) {
    const tracer = options.tracer ?? NO_TRACER;
    const parts: FullNodeParts = {
      self,
      seed: options.seed ?? randomInt(2 ** 32),
      config: { pastry: options.pastry ?? LOCAL_PASTRY_CONFIG, multicast: { ...options.multicast, wallOffsetMs: Math.round(Date.now() - SYSTEM_CLOCK.now()) } },
    };
    const { node, routing, multicast } = createFullNode(parts);
    this.self = self;
    this.#options = options;
    this.#log = options.logger ?? NO_LOGGER;
    this.#node = node;
    this.#routing = routing;
    this.#multicast = multicast;
    this.#peers = peers;
    this.#metrics = metrics;
    this.#recorder = new FlightRecorder({ version: RECORDING_VERSION, kind: FULL_NODE_KIND, seed: parts.seed, config: parts.config as unknown as Json, self }, options.recordFile);
    this.#driver = new Driver<HostInput, HostEffect>({
      machine: node,
      perform: (effect) => this.#effects.perform(effect),
      tick: { type: 'tick' },
      stalled: (forMs) => this.#stalled(forMs),
      stallMs: parts.config.pastry.leaseMs / 2,
      observer: {
        stepped: ({ now, input, effects, waitMs }) => {
          this.#recorder.stepped(now, input, effects);
          metrics.overlay.inboxWait.observe(waitMs / MS_PER_S);
        },
        broke: (error, now, input) => this.#broke(error, now, input),
      },
      pressed: (isPressed) => (isPressed ? peers.data.pause() : peers.data.resume()),
    });
    this.#questions = new Questions({
      post: (input) => this.post(input),
      isReady: () => this.isReady,
      roundTripMs: (peer) => this.view.roundTripMs(peer),
      asked: (ms) => metrics.overlay.routeDuration.observe(ms / MS_PER_S),
    });
    this.#attachments = new Attachments((input) => this.postSurely(input));
    this.#neighbors = new NeighborWatch(() => ({ ready: this.isReady, leaves: this.view.leaves() }));
    this.groups = new HostGroups({ command: (command) => this.postSurely({ type: 'command', app: 'multicast', command }), machine: multicast, isSigned, tracer, metrics });
    this.#effects = new Effects({
      ...{ peers, metrics, tracer, log: this.#log, questions: this.#questions, attachments: this.#attachments, neighbors: this.#neighbors, groups: this.groups },
      readyChanged: (ready) => this.#readyChanged(ready),
    });
  }

  /** What may be read of routing between turns. */
  get coordinate(): Coordinate {
    return this.view.place;
  }

  roundTripMs(peer: Id): number | undefined {
    return this.view.roundTripMs(peer);
  }

  get view(): RoutingView {
    return this.#node.view;
  }

  get isReady(): boolean {
    return this.#stopping === undefined && !this.#hasLeftRing && this.view.ready;
  }

  get isAlone(): boolean {
    return this.view.leaves().length === 0;
  }

  /** Hands an input to the machine; false when the inbox is full. */
  post(input: HostInput): boolean {
    return this.#driver.post(input);
  }

  /** Hands an input to the machine that must not be lost. */
  postSurely(input: HostInput): void {
    this.#driver.postSurely(input);
  }

  /** How much the machine holds, for gauges. */
  sizes(): Pick<HostGauges, 'leaves' | 'entries' | 'multicast'> {
    const { leaves, entries } = this.#routing.sizes();
    return { leaves, entries, multicast: this.#multicast.stats() };
  }

  async discover(controlAddress: string): Promise<NodeHandle> {
    return nodeCodec.fromWire((await this.#peers.control.discover(controlAddress)).node);
  }

  start(seeds: readonly NodeHandle[]): void {
    if (!this.isReady) this.#log.info({ event: 'join_begun', seeds: seeds.length });
    this.postSurely({ type: 'join', seeds: seeds.filter((seed) => seed.id !== this.self.id) });
  }

  whenReady(signal?: AbortSignal): Promise<void> {
    if (this.isReady) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const done = (): void => {
        untell();
        signal?.removeEventListener('abort', aborted);
      };
      const aborted = (): void => {
        done();
        reject(new OverlayError('CANCELLED', 'nobody waits any more'));
      };
      const untell = this.onReadyChanged((ready) => {
        if (!ready) return;
        done();
        resolve();
      });
      signal?.addEventListener('abort', aborted, { once: true });
    });
  }

  onReadyChanged(tell: (ready: boolean) => void): () => void {
    this.#readyListeners.add(tell);
    return () => void this.#readyListeners.delete(tell);
  }

  lookup(key: Id, ask: Ask & { readonly replicas?: number } = {}): Promise<LookupAnswer> {
    return this.#questions.lookup(key, ask);
  }

  trace(key: Id, ask: Ask = {}): Promise<TraceAnswer> {
    return this.#questions.trace(key, ask);
  }

  route(message: { readonly key: Id; readonly application: string; readonly payload: Uint8Array }, ask: Ask = {}): Promise<TraceAnswer> {
    return this.#questions.route(message, ask);
  }

  attach(application: string, forwardPrefixes: readonly string[] = []): Attachment {
    return this.#attachments.attach(application, forwardPrefixes);
  }

  replicaSet(key: Id, max: number): ReplicaSet {
    if (!this.isReady) throw new OverlayError('NOT_READY', 'this node is not in the ring yet');
    return { replicas: this.view.replicaSet(key, max), isRoot: this.view.isRoot(key) };
  }

  watchNeighbors(): Ongoing<Neighbors> {
    return this.#neighbors.watch();
  }

  state(): HostState {
    const state = this.#node.state(SYSTEM_CLOCK.now());
    return { self: this.self, ready: this.isReady, state, digest: digest(state) };
  }

  load(): number {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#busy);
    this.#busy = now;
    return Math.min(1, Math.max(0, utilization));
  }

  renewCredentials(credentials: OverlayHostOptions['credentials']): void {
    this.#peers.control.renew(credentials);
    this.#peers.data.renew(credentials);
  }

  expel(ids: Iterable<Id>): void {
    for (const id of ids) this.#peers.expel(id);
  }

  get holdsVotes(): boolean {
    return this.#multicast.holdsVotes;
  }

  get openLinks(): number {
    return this.#peers.control.size + this.#peers.data.size;
  }

  remaining(): Remaining {
    return this.#multicast.remaining();
  }

  beginLeave(withinMs: number): void {
    this.groups.beginLeave(withinMs);
  }

  async leave(graceMs = LEAVE_GRACE_MS): Promise<void> {
    if (this.#stopping !== undefined) return this.#stopping;
    await this.leaveRing(graceMs);
    await this.stop();
  }

  async leaveRing(graceMs: number): Promise<void> {
    if (this.#stopping !== undefined || this.#hasLeftRing) return;
    await this.groups.leave(graceMs);
    this.#hasLeftRing = true;
    this.postSurely({ type: 'leave' });
    // The machine says its farewells in the turn that takes the input; then the links may go.
    await new Promise<void>((resolve) => this.#whenIdle(resolve));
    this.#neighbors.changed([], []);
    for (const tell of [...this.#readyListeners]) tell(false);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#driver.stop();
    this.#failAll(new OverlayError('STOPPING', 'the node stops'));
    await this.#peers.stop();
    this.#recorder.close();
  }

  // Whoever waits for something of this node waits in vain.
  #failAll(error: OverlayError): void {
    this.#questions.failAll(error);
    this.#attachments.failAll(error);
    this.#neighbors.failAll(error);
    this.groups.failAll(error);
  }

  #whenIdle(then: () => void): void {
    if (this.#driver.waiting === 0) then();
    else setImmediate(() => this.#whenIdle(then));
  }

  #readyChanged(ready: boolean): void {
    this.#log.info({ event: ready ? 'ring_joined' : 'ring_stepped_back' });
    this.#neighbors.changed([], []);
    for (const tell of [...this.#readyListeners]) tell(ready);
  }

  #stalled(forMs: Millis): HostInput {
    this.#metrics.overlay.stalls.add(1);
    this.#log.warn({ event: 'stalled', forMs: Math.round(forMs) });
    return { type: 'stalled', forMs };
  }

  // The machine's own fault: it is not asked anything more, and what led there is written down.
  #broke(error: Error, now: Millis, input: HostInput): void {
    this.#recorder.stepped(now, input, []);
    const record = this.#options.recordFile;
    this.#log.error({ event: 'machine_broke', message: error.message, stack: error.stack, lastInputs: this.#recorder.lastInputs(), ...(record === undefined ? {} : { replay: `npm run lab -- replay ${record}` }) });
    this.#failAll(new OverlayError('INTERNAL', error.message, {}, { cause: error }));
    this.#options.onFatal?.(error);
  }
}

const NO_SIZES = { leaves: 0, entries: 0, multicast: { groups: 0, roots: 0, orphans: 0, children: 0, subscriptions: 0, slow: 0, retainedBytes: 0, unreceiptedBytes: 0 } };

async function listening(peers: PeerSide, { listen }: OverlayHostOptions): Promise<readonly [string, string]> {
  try {
    const control = await peers.control.listen(listen.control);
    const data = await peers.data.listen(listen.data);
    return [control.address, data.address];
  } catch (error) {
    await peers.stop();
    throw error;
  }
}

function advertised(address: string, host: string | undefined): string {
  return host === undefined ? address : `${host}:${address.slice(address.lastIndexOf(':') + 1)}`;
}

function refusalOf(peer: PeerIdentity, isRevoked: (peer: PeerIdentity) => boolean): OverlayError | undefined {
  return isRevoked(peer) ? new OverlayError('CERTIFICATE_REVOKED', `the certificate of ${peer.id} was revoked`) : undefined;
}
