import { randomId, type Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Applications, CommandOf, OverlayEffect, OverlayInput } from '@banyan/overlay';
import type { PastryMessage } from '@banyan/pastry';
import { assert, seededRng, type Machine, type Millis, type Rng } from '@banyan/sansio';
import { Network, World, type Host, type LinkEnd, type LostEnd, type Topology, type Weather, type WorldOptions } from '@banyan/simulator';
import { RingOracle } from './ring-oracle.ts';

/** Children a simulated node carries at once, where nothing else is said. */
const CAPACITY = 32;

/** Makes the machine of one life; called with a generator of its own. */
export type NodeMaker<A extends Applications> = (self: NodeHandle, rng: Rng) => Machine<OverlayInput<A>, OverlayEffect<A>>;

/** Where experiments and oracles look. Called in the order things happen. */
export interface SimulationObserver<A extends Applications> {
  /** After an input was handled and its effects performed. */
  step?(now: Millis, host: Host, input: OverlayInput<A>, effects: readonly OverlayEffect<A>[]): void;
  /** A live node handled a routing message. */
  message?(host: Host, message: PastryMessage): void;
  /** A node sends a routing message. */
  sent?(host: Host, message: PastryMessage, to: Host): void;
  /** An application told its users something. */
  event?(now: Millis, host: Host, app: string, event: unknown): void;
  /** A life began. */
  started?(now: Millis, host: Host): void;
  /** A node became a member of the ring. */
  ready?(host: Host): void;
  /** A node crashed or stepped back from the ring. */
  unready?(host: Host): void;
  crashed?(now: Millis, host: Host): void;
  /** A node begins to leave on purpose: its users go elsewhere. */
  leaving?(now: Millis, host: Host): void;
  /** A life ended on purpose, with nothing in its care. */
  ended?(now: Millis, host: Host): void;
}

export interface SimulationOptions<A extends Applications> {
  readonly topology: Topology;
  readonly seed: number;
  readonly weather?: Weather;
  /** The ids of hosts 0, 1, …; drawn from the seed where none are given. */
  readonly ids?: readonly Id[];
  /** The host at whose address another stands; itself where not given. */
  readonly placeOf?: (host: Host) => Host;
  /** Children that a node carries at once in one group. */
  readonly capacity?: number | ((host: Host) => number);
  /** How fast the hosts' lines are, and what a frame counts on them; absent: only distance takes time. */
  readonly access?: WorldOptions<OverlayInput<A>, OverlayEffect<A>, unknown>['access'];
  readonly makeNode: NodeMaker<A>;
}

/**
 * Overlay nodes in a simulated world: one host each, the same id over all its lives, a higher incarnation each time.
 * The seam between the overlay's effects and the world's actions is here and nowhere else.
 */
export class OverlaySimulation<A extends Applications> {
  readonly world: World<OverlayInput<A>, OverlayEffect<A>, unknown>;
  /** Live and ready nodes, as they truly are. */
  readonly ring = new RingOracle();
  /** For the experiment's own choices; nodes draw from generators forked off it. */
  readonly rng: Rng;
  readonly #makeNode: NodeMaker<A>;
  readonly #observers: SimulationObserver<A>[] = [];
  readonly #ids: Id[] = [];
  readonly #hosts = new Map<Id, Host>();
  readonly #handles: (NodeHandle | undefined)[] = [];
  readonly #lives: number[] = [];
  readonly #leaving = new Set<Host>();
  readonly #pauses = new Map<Host, { readonly of: NodeHandle | undefined }>();
  readonly #placeOf: (host: Host) => Host;
  readonly #capacity: (host: Host) => number;

  constructor({ topology, seed, weather, ids = [], placeOf = (host) => host, capacity = CAPACITY, access, makeNode }: SimulationOptions<A>) {
    this.rng = seededRng(seed);
    this.#placeOf = placeOf;
    this.#capacity = typeof capacity === 'number' ? () => capacity : capacity;
    this.#makeNode = makeNode;
    for (let host = 0; host < topology.hosts; host++) {
      const id = ids[host] ?? randomId(this.rng);
      this.#ids.push(id);
      this.#hosts.set(id, host);
      this.#lives.push(0);
    }
    const rng = this.rng.fork();
    this.world = new World({
      ...(access === undefined ? {} : { access }),
      network: new Network(weather === undefined ? { topology, rng } : { topology, rng, weather }),
      seam: {
        tick: { type: 'tick' },
        stalled: (forMs) => ({ type: 'stalled', forMs }),
        linkUp: (_host, { peer, link, dialled, channel }) => this.#linkInput({ type: 'linkUp', app: channel, peer: this.newestHandle(peer), link, dialled }),
        linkDown: (_host, { peer, link, dialled, channel }: LostEnd) => this.#linkInput({ type: 'linkDown', app: channel, peer: this.newestHandle(peer), link, dialled }),
        frame: (_host, { peer, link, channel }: LinkEnd, frame) => this.#linkInput({ type: 'frame', app: channel, from: this.newestHandle(peer), link, frame }),
        perform: (_world, host, effect) => this.#perform(host, effect),
        afterStep: (now, host, input, effects) => {
          for (const observer of this.#observers) {
            if (input.type === 'message') observer.message?.(host, input.message);
            observer.step?.(now, host, input, effects);
          }
        },
      },
    });
  }

  /** Tells the observer everything from now on, until the function it gives is called. */
  observe(observer: SimulationObserver<A>): () => void {
    this.#observers.push(observer);
    return () => void this.#observers.splice(this.#observers.indexOf(observer), 1);
  }

  /** The handle of the life that runs on a host; undefined while none does. */
  handle(host: Host): NodeHandle | undefined {
    return this.world.machine(host) === undefined ? undefined : this.#handles[host];
  }

  /** The newest handle of a host, also just after its life ended: what a certificate on an old link says. */
  newestHandle(host: Host): NodeHandle {
    const handle = this.#handles[host];
    assert(handle !== undefined, 'the host has lived');
    return handle;
  }

  hostOf(id: Id): Host {
    const host = this.#hosts.get(id);
    assert(host !== undefined, 'the id is of a node of this simulation');
    return host;
  }

  idOf(host: Host): Id {
    const id = this.#ids[host];
    assert(id !== undefined, 'the host is in this simulation');
    return id;
  }

  /** Nodes, living or not. */
  get size(): number {
    return this.#ids.length;
  }

  /** The ids of hosts 0, 1, … */
  ids(): readonly Id[] {
    return this.#ids;
  }

  /** True when the node on `host` lives and is ready. */
  isReady(host: Host): boolean {
    return this.ring.has(this.idOf(host));
  }

  /** Every node that lives, ready or not, running or paused. */
  liveIds(): readonly Id[] {
    return this.#ids.filter((_id, host) => this.world.machine(host) !== undefined);
  }

  /** A ready node, each equally likely; undefined while there is none. */
  anyReady(): Host | undefined {
    const id = this.rng.pick(this.ring.members());
    return id === undefined ? undefined : this.hostOf(id);
  }

  /** Begins the next life of a host; it joins through `seeds`, and with none it starts the ring. */
  start(host: Host, seeds: readonly NodeHandle[]): void {
    const self = this.#nextLife(host);
    this.world.start(host, this.#makeNode(self, this.rng.fork()), { type: 'join', seeds });
    for (const observer of this.#observers) observer.started?.(this.world.now, host);
  }

  /** Gives every host a machine that is a ready member from its first moment; `make` is called in the order of ids. */
  placeAll(make: (self: NodeHandle, host: Host) => Machine<OverlayInput<A>, OverlayEffect<A>>): void {
    const handles = this.#ids.map((_, host) => this.#nextLife(host)).sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const self of handles) {
      const host = this.hostOf(self.id);
      this.world.start(host, make(self, host));
      this.ring.add(self.id);
    }
  }

  crash(host: Host, how: { readonly silent?: boolean } = {}): void {
    if (this.world.machine(host) === undefined) return;
    this.#stop(host, how);
    for (const observer of this.#observers) observer.crashed?.(this.world.now, host);
  }

  /** Takes note that a node leaves on purpose; what it is told to that end is the experiment's. */
  leaving(host: Host): void {
    this.#leaving.add(host);
    for (const observer of this.#observers) observer.leaving?.(this.world.now, host);
  }

  isLeaving(host: Host): boolean {
    return this.#leaving.has(host);
  }

  /** Ends a life that has left the ring and holds nothing any more. */
  end(host: Host): void {
    if (this.world.machine(host) === undefined) return;
    this.#stop(host, {});
    for (const observer of this.#observers) observer.ended?.(this.world.now, host);
  }

  /**
   * Stops scheduling a node. Nobody takes over its keys for the `leasedForMs` that its leases run on, by its own clock;
   * from then on it is no member, and steps back when it hears of its stall.
   */
  pause(host: Host, leasedForMs: Millis): void {
    const { world } = this;
    const pause = { of: this.handle(host) };
    this.#pauses.set(host, pause);
    world.pause(host);
    const lapse = (): void => {
      if (this.#pauses.get(host) === pause && this.handle(host) === pause.of) this.#unready(host);
    };
    if (leasedForMs <= 0) lapse();
    else if (leasedForMs < Infinity) world.at(world.now + leasedForMs / world.rateOf(host), lapse);
  }

  resume(host: Host): void {
    this.#pauses.delete(host);
    this.world.resume(host);
  }

  /** Up to `count` handles of different ready nodes, as the bootstrap service would list them. */
  seeds(count: number): readonly NodeHandle[] {
    const chosen = new Map<Host, NodeHandle>();
    for (let draw = 0; draw < 4 * count && chosen.size < count; draw++) {
      const host = this.anyReady();
      const handle = host === undefined ? undefined : this.handle(host);
      if (host !== undefined && handle !== undefined) chosen.set(host, handle);
    }
    return [...chosen.values()];
  }

  command<N extends keyof A & string>(host: Host, app: N, command: CommandOf<A[N]>): void {
    this.world.input(host, { type: 'command', app, command } as OverlayInput<A>);
  }

  #nextLife(host: Host): NodeHandle {
    const life = (this.#lives[host] ?? 0) + 1;
    this.#lives[host] = life;
    const self: NodeHandle = {
      id: this.idOf(host),
      incarnation: life,
      controlAddress: `host-${this.#placeOf(host)}:1`,
      dataAddress: `host-${this.#placeOf(host)}:2`,
      region: '',
      zone: '',
      capacity: this.#capacity(host),
    };
    this.#handles[host] = self;
    return self;
  }

  #perform(host: Host, effect: OverlayEffect<A>): void {
    switch (effect.type) {
      case 'send':
        this.#send(host, this.hostOf(effect.to.id), effect.message);
        break;
      case 'sendDirect':
        this.world.send(host, this.hostOf(effect.to.id), this.#linkInput({ type: 'direct', app: effect.app, from: this.newestHandle(host), body: effect.body }));
        break;
      case 'dial':
        this.world.dial(host, this.hostOf(effect.to.id), effect.app);
        break;
      case 'hangUp':
        this.world.hangUp(host, effect.link);
        break;
      case 'fanOut':
        this.world.fanOut(host, effect.links, effect.frame);
        break;
      case 'readyChanged':
        if (effect.ready) this.#ready(host);
        else this.#unready(host);
        break;
      case 'event':
        for (const observer of this.#observers) observer.event?.(this.world.now, host, effect.app, effect.event);
        break;
      default:
        // The rest is told, not done: observers see it in `step`.
        break;
    }
  }

  #send(from: Host, to: Host, message: PastryMessage): void {
    this.world.send(from, to, { type: 'message', from: this.newestHandle(from), message });
    for (const observer of this.#observers) observer.sent?.(from, message, to);
  }

  #ready(host: Host): void {
    this.ring.add(this.idOf(host));
    for (const observer of this.#observers) observer.ready?.(host);
  }

  #stop(host: Host, how: { readonly silent?: boolean }): void {
    this.world.crash(host, how);
    this.#leaving.delete(host);
    this.#unready(host);
  }

  #unready(host: Host): void {
    if (!this.isReady(host)) return;
    this.ring.delete(this.idOf(host));
    for (const observer of this.#observers) observer.unready?.(host);
  }

  // Which application a link belongs to is known at run time only, so the mapped union cannot be narrowed here.
  #linkInput(input: { readonly type: string; readonly app: string } & Readonly<Record<string, unknown>>): OverlayInput<A> {
    return input as unknown as OverlayInput<A>;
  }
}
