import { randomId, type Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Applications, CommandOf, OverlayEffect, OverlayInput } from '@banyan/overlay';
import { assert, seededRng, type Machine, type Millis, type Rng } from '@banyan/sansio';
import { Network, World, type Host, type LinkEnd, type LostEnd, type Topology, type Weather } from '@banyan/simulator';
import { RingOracle } from './ring-oracle.ts';

/** Makes the machine of one life; called with a generator of its own. */
export type NodeMaker<A extends Applications> = (self: NodeHandle, rng: Rng) => Machine<OverlayInput<A>, OverlayEffect<A>>;

/** Where experiments and oracles look. Called in the order things happen. */
export interface SimulationObserver<A extends Applications> {
  /** After an input was handled and its effects performed. */
  step?(now: Millis, host: Host, input: OverlayInput<A>, effects: readonly OverlayEffect<A>[]): void;
  /** A life began or ended. */
  started?(now: Millis, host: Host): void;
  crashed?(now: Millis, host: Host): void;
}

export interface SimulationOptions<A extends Applications> {
  readonly topology: Topology;
  readonly seed: number;
  readonly weather?: Weather;
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

  constructor({ topology, seed, weather, makeNode }: SimulationOptions<A>) {
    this.rng = seededRng(seed);
    this.#makeNode = makeNode;
    for (let host = 0; host < topology.hosts; host++) {
      const id = randomId(this.rng);
      this.#ids.push(id);
      this.#hosts.set(id, host);
      this.#lives.push(0);
    }
    const rng = this.rng.fork();
    this.world = new World({
      network: new Network(weather === undefined ? { topology, rng } : { topology, rng, weather }),
      seam: {
        tick: { type: 'tick' },
        stalled: (forMs) => ({ type: 'stalled', forMs }),
        linkUp: (_host, { peer, link, dialled, channel }) => this.#linkInput({ type: 'linkUp', app: channel, peer: this.#knownHandle(peer), link, dialled }),
        linkDown: (_host, { peer, link, dialled, channel }: LostEnd) => this.#linkInput({ type: 'linkDown', app: channel, peer: this.#knownHandle(peer), link, dialled }),
        frame: (_host, { peer, link, channel }: LinkEnd, frame) => this.#linkInput({ type: 'frame', app: channel, from: this.#knownHandle(peer), link, frame }),
        perform: (_world, host, effect) => this.#perform(host, effect),
        afterStep: (now, host, input, effects) => {
          for (const observer of this.#observers) observer.step?.(now, host, input, effects);
        },
      },
    });
  }

  observe(observer: SimulationObserver<A>): void {
    this.#observers.push(observer);
  }

  /** The handle of the life that runs on a host; undefined while none does. */
  handle(host: Host): NodeHandle | undefined {
    return this.world.machine(host) === undefined ? undefined : this.#handles[host];
  }

  hostOf(id: Id): Host {
    const host = this.#hosts.get(id);
    assert(host !== undefined, `${id} is a node of this simulation`);
    return host;
  }

  idOf(host: Host): Id {
    const id = this.#ids[host];
    assert(id !== undefined, `host ${host} is in this simulation`);
    return id;
  }

  /** True when the node on `host` lives and is ready. */
  isReady(host: Host): boolean {
    return this.ring.has(this.idOf(host));
  }

  /** A ready node, each equally likely; undefined while there is none. */
  anyReady(): Host | undefined {
    const id = this.rng.pick(this.ring.members());
    return id === undefined ? undefined : this.hostOf(id);
  }

  /** Begins the next life of a host; it joins through `seeds`, and with none it starts the ring. */
  start(host: Host, seeds: readonly NodeHandle[]): void {
    const life = (this.#lives[host] ?? 0) + 1;
    this.#lives[host] = life;
    const self: NodeHandle = {
      id: this.idOf(host),
      incarnation: life,
      controlAddress: `host-${host}:1`,
      dataAddress: `host-${host}:2`,
      region: '',
      zone: '',
      capacity: 32,
    };
    this.#handles[host] = self;
    this.world.start(host, this.#makeNode(self, this.rng.fork()), { type: 'join', seeds });
    for (const observer of this.#observers) observer.started?.(this.world.now, host);
  }

  crash(host: Host, how: { readonly silent?: boolean } = {}): void {
    if (this.world.machine(host) === undefined) return;
    this.world.crash(host, how);
    this.ring.delete(this.idOf(host));
    for (const observer of this.#observers) observer.crashed?.(this.world.now, host);
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

  #perform(host: Host, effect: OverlayEffect<A>): void {
    switch (effect.type) {
      case 'send':
        this.world.send(host, this.hostOf(effect.to.id), { type: 'message', from: this.#knownHandle(host), message: effect.message });
        break;
      case 'sendDirect':
        this.world.send(host, this.hostOf(effect.to.id), this.#linkInput({ type: 'direct', app: effect.app, from: this.#knownHandle(host), body: effect.body }));
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
        if (effect.ready) this.ring.add(this.idOf(host));
        else this.ring.delete(this.idOf(host));
        break;
      default:
        // The rest is told, not done: observers see it in `step`.
        break;
    }
  }

  /** The newest handle of a host, also just after its life ended: what a certificate on an old link says. */
  #knownHandle(host: Host): NodeHandle {
    const handle = this.#handles[host];
    assert(handle !== undefined, `host ${host} has lived`);
    return handle;
  }

  // Which application a link belongs to is known at run time only, so the mapped union cannot be narrowed here.
  #linkInput(input: { readonly type: string; readonly app: string } & Readonly<Record<string, unknown>>): OverlayInput<A> {
    return input as unknown as OverlayInput<A>;
  }
}
