// The nodes of one tree in virtual time: the machines that nodes run, over the simulator's network, with round trips as nodes
// measured them. Routing is made perfect here: a what-if about a tree is no what-if about the ring below it.
import { compareDistance, sharedPrefix, type Id } from '@banyan/ids';
import { NOWHERE, type Envelope, type NodeHandle, type RoutingView, type Upcall } from '@banyan/kbr';
import { Multicast, type GroupDescriptor, type MulticastCommand, type MulticastEffect, type MulticastEvent, type MulticastFrame, type MulticastMessage, type Verified } from '@banyan/multicast';
import { assert, seededRng, type Millis } from '@banyan/sansio';
import { Network, World, type Host, type Topology } from '@banyan/simulator';
import type { PresentNode, PresentTree } from './present-tree.ts';

type Input = Upcall<MulticastMessage, MulticastFrame> | { readonly type: 'command'; readonly command: MulticastCommand };

/** One way where nobody measured, ms. */
const UNKNOWN_MS = 25;
const ONE_WAY_MS_MIN = 0.05;
const LEAVES = 24;
const DIGIT_BITS = 4;
/** A death is known to the others after this, and up to so much more: two detectors of the ring. */
const DEATH_KNOWN_MS = 1_500;
const DEATH_KNOWN_SPREAD_MS = 1_500;

/** How a world is put up. */
export interface PlanWorldOptions {
  readonly tree: PresentTree;
  readonly seed: number;
  /** Every node takes the place it has at present; else the tree is built as joins would build it. */
  readonly asPresent: boolean;
  readonly onEvent: (node: Id, event: MulticastEvent, now: Millis) => void;
}

/** Nodes of one tree and those that may come, each with a machine of its own once started. */
export class PlanWorld {
  readonly #nodes: PresentNode[];
  readonly #hosts = new Map<Id, Host>();
  readonly #places: Id[];
  readonly #machines = new Map<Id, Multicast>();
  readonly #world: World<Input, MulticastEffect, MulticastFrame>;
  readonly #rng;
  readonly #tree: PresentTree;
  readonly #known = new Map<Id, Set<Id>>();
  readonly #voters: number;
  #isAsPresent: boolean;
  #counter = 0;

  constructor({ tree, seed, asPresent, onEvent }: PlanWorldOptions, hostsMax = 2 * tree.nodes.length) {
    this.#tree = tree;
    this.#isAsPresent = asPresent;
    this.#rng = seededRng(seed);
    // As many as vote at present, and no fewer than one.
    this.#voters = Math.max(1, tree.nodes.filter(({ isVoter, isRoot }) => isVoter || isRoot).length);
    this.#nodes = [];
    this.#places = [];
    const topology: Topology = { name: 'measured', hosts: Math.max(1, hostsMax), latencyMs: (from, to) => this.#oneWayMs(from, to) };
    const linkUp = (_host: Host, { peer, link, dialled }: { readonly peer: Host; readonly link: number; readonly dialled: boolean }): Input => ({ type: 'linkUp', peer: this.#handleAt(peer), link, dialled });
    this.#world = new World<Input, MulticastEffect, MulticastFrame>({
      network: new Network({ topology, rng: this.#rng.fork() }),
      seam: {
        tick: { type: 'tick' },
        stalled: () => undefined,
        linkUp,
        linkDown: (_host, { peer, link, dialled }) => ({ type: 'linkDown', peer: this.#handleAt(peer), link, dialled }),
        frame: (_host, { peer, link }, frame) => ({ type: 'frame', from: this.#handleAt(peer), link, frame }),
        perform: (_world, host, effect) => this.#perform(host, effect, onEvent),
      },
    });
  }

  get now(): Millis {
    return this.#world.now;
  }

  /** Those that live. */
  get alive(): readonly PresentNode[] {
    return this.#nodes.filter(({ id }) => this.#machines.has(id));
  }

  /** Starts a node; `at`: where it stands, if not at its own place. */
  start(node: PresentNode, at: Id = node.id): void {
    const host = this.#nodes.length;
    this.#nodes.push(node);
    this.#places.push(at);
    this.#hosts.set(node.id, host);
    const machine = new Multicast(this.#viewOf(node), this.#rng.fork(), { voters: this.#voters });
    this.#known.set(node.id, new Set(this.alive.map(({ id }) => id)));
    for (const other of this.alive) this.#known.get(other.id)?.add(node.id);
    this.#machines.set(node.id, machine);
    this.#world.start(host, machine);
  }

  command(node: Id, command: MulticastCommand): void {
    this.#world.input(this.#hostOf(node), { type: 'command', command });
  }

  /** A node dies at once; each other notices in its own time. */
  crash(node: Id): void {
    const peer = this.#handleAt(this.#hostOf(node));
    this.#machines.delete(node);
    this.#world.crash(this.#hostOf(node));
    for (const { id } of this.alive) {
      this.#world.at(this.now + DEATH_KNOWN_MS + this.#rng.below(DEATH_KNOWN_SPREAD_MS), () => {
        this.#known.get(id)?.delete(node);
        if (!this.#machines.has(id)) return;
        this.#world.input(this.#hostOf(id), { type: 'peerDead', peer });
        this.#world.input(this.#hostOf(id), { type: 'leafSetChanged', gained: [], lost: [peer], merged: false });
      });
    }
  }

  /** From here on nodes join as routes bring them, whatever the tree is at present. */
  release(): void {
    this.#isAsPresent = false;
  }

  run(until: Millis): void {
    this.#world.run(until);
  }

  machine(node: Id): Multicast | undefined {
    return this.#machines.get(node);
  }

  /** One way between two nodes, ms. */
  wayMs(a: Id, b: Id): number {
    return this.#oneWayMs(this.#hostOf(a), this.#hostOf(b));
  }

  #perform(host: Host, effect: MulticastEffect, onEvent: PlanWorldOptions['onEvent']): void {
    const self = this.#nodes[host];
    if (self === undefined) return;
    switch (effect.type) {
      case 'direct':
        return this.#world.send(host, this.#hostOf(effect.to.id), { type: 'direct', from: this.#handleAt(host), body: effect.body });
      case 'route':
        return this.#forward(host, { app: 'multicast', key: effect.key, body: effect.body, origin: this.#handleAt(host), counter: ++this.#counter, hops: 0 });
      case 'resume':
        return this.#forward(host, effect.envelope);
      case 'dial':
        return this.#world.dial(host, this.#hostOf(effect.to.id));
      case 'hangUp':
        return this.#world.hangUp(host, effect.link);
      case 'fanOut':
        return this.#world.fanOut(host, effect.links, effect.frame);
      case 'event':
        return onEvent(self.id, effect.event, this.now);
      default:
        return;
    }
  }

  /** One hop on: the next node sees the message pass, and its root is given it. */
  #forward(host: Host, envelope: Envelope<MulticastMessage>): void {
    const self = this.#nodes[host];
    if (self === undefined) return;
    const next = this.#nextHop(self, envelope);
    if (next === self.id) return this.#world.input(host, { type: 'deliver', envelope });
    const moved = { ...envelope, hops: envelope.hops + 1 };
    const last = this.#rootFor(self.id);
    const input: Input = next === last ? { type: 'deliver', envelope: moved } : { type: 'forward', envelope: moved, nextHop: this.#handleAt(this.#hostOf(last)) };
    this.#world.send(host, this.#hostOf(next), input);
  }

  #nextHop(self: PresentNode, { key, body, hops }: Envelope<MulticastMessage>): Id {
    const root = this.#rootFor(self.id);
    if (root === self.id) return self.id;
    const { parent } = self;
    if (this.#isAsPresent && body.type === 'join' && hops === 0 && parent !== undefined && this.#machines.has(parent)) return parent;
    const own = sharedPrefix(self.id, key, DIGIT_BITS);
    let best: { readonly id: Id; readonly ms: number } | undefined;
    for (const id of this.#known.get(self.id) ?? []) {
      if (sharedPrefix(id, key, DIGIT_BITS) <= own) continue;
      const ms = this.wayMs(self.id, id);
      if (best === undefined || ms < best.ms) best = { id, ms };
    }
    return best?.id ?? root;
  }

  /** Whom a node takes for the owner of the key: the present root while it knows it, then a voter, then the nearest. */
  #rootFor(self: Id): Id {
    return this.#byNearness(self)[0] ?? self;
  }

  #byNearness(self: Id): readonly Id[] {
    const known = [self, ...(this.#known.get(self) ?? [])];
    const rank = (id: Id): number => {
      const node = this.#nodes[this.#hostOf(id)];
      return node?.isRoot === true ? 0 : node?.isVoter === true ? 1 : 2;
    };
    return known.sort((a, b) => rank(a) - rank(b) || compareDistance(this.#tree.group, a, b));
  }

  #viewOf(node: PresentNode): RoutingView {
    const self = this.#handleOf(node);
    return {
      self,
      ready: true,
      isRoot: () => this.#rootFor(node.id) === node.id,
      replicaSet: (_key, max) => this.#byNearness(node.id).slice(0, max).map((id) => (id === node.id ? self : this.#handleAt(this.#hostOf(id)))),
      nextHops: () => [],
      leaves: () => [...(this.#known.get(node.id) ?? [])].sort((a, b) => compareDistance(node.id, a, b)).slice(0, LEAVES).map((id) => this.#handleAt(this.#hostOf(id))),
      roundTripMs: (peer) => (this.#hosts.has(peer) ? 2 * this.wayMs(node.id, peer) : undefined),
      place: NOWHERE,
    };
  }

  #handleAt(host: Host): NodeHandle {
    const node = this.#nodes[host];
    assert(node !== undefined, 'the host was started');
    return this.#handleOf(node);
  }

  #handleOf({ id, region, zone, capacity }: PresentNode): NodeHandle {
    return { id, incarnation: 1, controlAddress: `${id}:1`, dataAddress: `${id}:2`, region, zone, capacity };
  }

  #hostOf(id: Id): Host {
    const host = this.#hosts.get(id);
    assert(host !== undefined, 'the node is in this world');
    return host;
  }

  #oneWayMs(from: Host, to: Host): number {
    const [a, b] = [this.#places[from], this.#places[to]];
    if (from === to || a === undefined || b === undefined) return 0;
    return Math.max(ONE_WAY_MS_MIN, a === b ? 0 : (this.#tree.roundTripMs(a, b) ?? 2 * UNKNOWN_MS) / 2);
  }
}

/** The group as the machines know it. */
export function descriptorFor({ group, delivery }: PresentTree, fanOutMax: number): Verified<GroupDescriptor> {
  const descriptor: GroupDescriptor = {
    group,
    name: 'plan/group',
    owner: 'plan',
    version: 1,
    delivery,
    retentionBytes: 64 * 1_048_576,
    retentionMs: 600_000,
    fanOutMax,
    publishRules: [],
    subscribeRules: [],
    closed: false,
    signature: undefined,
  };
  return descriptor as Verified<GroupDescriptor>;
}
