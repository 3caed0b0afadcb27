import { compareDistance, randomId, type Id } from '@banyan/ids';
import type { Envelope, NodeHandle } from '@banyan/kbr';
import { seededRng, type Millis, type Rng } from '@banyan/sansio';
import { DEFAULT_PASTRY_CONFIG, type PastryConfig } from '../config.ts';
import type { PastryMessage } from '../messages.ts';
import { fillTables, standingRing } from '../fill-tables.ts';
import { PastryNode, type PastryEffect, type PastryInput } from '../node.ts';

export interface RingOptions {
  readonly seed: number;
  readonly config?: Partial<PastryConfig>;
  /** Share of messages that are lost. */
  readonly loss?: number;
  /** Nodes lie in a square of this side; one unit is one millisecond one way. */
  readonly sideMs?: number;
}

interface Member {
  readonly node: PastryNode;
  readonly handle: NodeHandle;
  wakeAt: Millis;
}

export interface Delivery {
  readonly at: Id;
  readonly envelope: Envelope;
  /** The live active node closest to the key at that moment. */
  readonly trueRoot: Id | undefined;
  readonly ready: boolean;
  readonly time: Millis;
}

interface Event {
  readonly time: Millis;
  readonly order: number;
  readonly run: () => void;
}

/** A ring in virtual time for tests: nodes on a plane, one queue, loss, crashes. The same seed gives the same run. */
export class TestRing {
  now: Millis = 0;
  readonly deliveries: Delivery[] = [];
  readonly drops = new Map<string, number>();
  readonly sent = new Map<string, number>();
  readonly trace: string[] = [];
  /** Names of messages that were in a node's care when it crashed. */
  readonly buried = new Set<string>();
  readonly rng: Rng;
  readonly config: PastryConfig;
  /** Messages for which this says true are lost. */
  cuts: (from: Id, to: Id) => boolean = () => false;
  /** Sees every message as it is sent. */
  watch: (from: Id, to: Id, message: PastryMessage) => void = () => undefined;
  /** Sees every forward and deliver. */
  upcall: (at: Id, type: 'forward' | 'deliver') => void = () => undefined;
  /** Sees every change of a leaf set. */
  leafSetChanged: (at: Id, change: Extract<PastryEffect, { type: 'leafSetChanged' }>) => void = () => undefined;
  readonly #members = new Map<Id, Member>();
  readonly #places = new Map<Id, readonly [number, number]>();
  readonly #queue: Event[] = [];
  readonly #options: RingOptions;
  #order = 0;

  constructor(options: RingOptions) {
    this.#options = options;
    this.rng = seededRng(options.seed);
    this.config = { ...DEFAULT_PASTRY_CONFIG, ...options.config };
  }

  handle(id: Id = randomId(this.rng), incarnation = 1): NodeHandle {
    return { id, incarnation, controlAddress: `${id.slice(0, 6)}:1`, dataAddress: `${id.slice(0, 6)}:2`, region: '', zone: '', capacity: 16 };
  }

  /** A node that joins through some of the live ones; the first starts the ring. */
  add(handle: NodeHandle = this.handle(), config: Partial<PastryConfig> = {}): PastryNode {
    const seeds = this.rng.shuffle(this.live().filter((id) => this.node(id).view.ready)).slice(0, 5);
    const node = new PastryNode({ self: handle, rng: this.rng.fork(), config: { ...this.config, ...config } });
    this.place(handle, node);
    this.input(handle.id, { type: 'join', seeds: seeds.map((id) => this.#member(id).handle) });
    return node;
  }

  /** A node that starts a ring of its own. */
  alone(handle: NodeHandle): void {
    this.place(handle, new PastryNode({ self: handle, rng: this.rng.fork(), config: this.config }));
    this.input(handle.id, { type: 'join', seeds: [] });
  }

  place(handle: NodeHandle, node: PastryNode): void {
    this.#settle(handle.id);
    this.#members.set(handle.id, { node, handle, wakeAt: Infinity });
    this.#arm(handle.id);
  }

  /** A ring of so many nodes, joined one after the other by the protocol. */
  static joined(nodes: number, options: RingOptions, everyMs = 200): TestRing {
    const ring = new TestRing(options);
    for (let i = 0; i < nodes; i++) ring.at(i * everyMs, () => ring.add());
    ring.run(nodes * everyMs);
    ring.runUntil(() => ring.ready().length === nodes, 600_000);
    ring.run(ring.now + 10_000);
    return ring;
  }

  /** A ring of so many nodes whose tables are filled; each slot holds the nearest of `candidatesMax` nodes. */
  static filled(nodes: number, options: RingOptions, candidatesMax = 16): TestRing {
    const ring = new TestRing(options);
    const handles = Array.from({ length: nodes }, () => ring.handle()).sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const handle of handles) ring.#settle(handle.id);
    const standing = standingRing(handles, ring.config.digitBits);
    handles.forEach((self, index) => {
      const rng = ring.rng.fork();
      const proximityMs = (place: number): Millis => 2 * ring.latencyMs(self.id, standing.handleAt(place).id);
      const tables = fillTables({ ring: standing, index, proximityMs, config: ring.config, candidatesMax, rng });
      ring.place(self, PastryNode.member(0, { self, rng, config: ring.config }, tables));
    });
    return ring;
  }

  /** Routes so many random keys from random nodes and waits for them. */
  routeRandomKeys(count: number, explain = false): void {
    const nodes = this.live();
    for (let i = 0; i < count; i++) {
      this.at(this.now + i, () => this.input(this.rng.pick(nodes)!, { type: 'route', app: 'test', key: randomId(this.rng), body: i, explain }));
    }
    this.run(this.now + count + 40_000);
  }

  /** Takes a node away without a word. */
  crash(id: Id): NodeHandle {
    const { handle, node } = this.#member(id);
    const hops = (node.state(this.now) as unknown as { hops: { unacked: Careful[]; parked: Careful[] } }).hops;
    for (const { origin, counter } of [...hops.unacked, ...hops.parked]) this.buried.add(`${origin}:${counter}`);
    this.#members.delete(id);
    return handle;
  }

  node(id: Id): PastryNode {
    return this.#member(id).node;
  }

  live(): Id[] {
    return [...this.#members.keys()];
  }

  ready(): Id[] {
    return this.live().filter((id) => this.node(id).view.ready);
  }

  rootOf(key: Id): Id | undefined {
    return this.ready().reduce<Id | undefined>((best, id) => (best === undefined || compareDistance(key, id, best) < 0 ? id : best), undefined);
  }

  latencyMs(a: Id, b: Id): Millis {
    const [ax, ay] = this.#places.get(a) ?? [0, 0];
    const [bx, by] = this.#places.get(b) ?? [0, 0];
    return 1 + Math.hypot(ax - bx, ay - by);
  }

  input(id: Id, input: PastryInput): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    for (const effect of member.node.handle(this.now, input)) this.#perform(member, effect);
    this.#arm(id);
  }

  at(time: Millis, run: () => void): void {
    this.#push(time, run);
  }

  run(until: Millis): void {
    for (let event = this.#pop(until); event !== undefined; event = this.#pop(until)) {
      this.now = Math.max(this.now, event.time);
      event.run();
    }
    this.now = until;
  }

  /** Runs in steps until `condition` holds; throws when it does not by then. */
  runUntil(condition: () => boolean, limitMs: Millis): void {
    const end = this.now + limitMs;
    while (!condition()) {
      if (this.now >= end) throw new Error(`seed ${this.#options.seed}: not so after ${limitMs} ms`);
      this.run(this.now + 100);
    }
  }

  total(): number {
    return [...this.sent.values()].reduce((sum, count) => sum + count, 0);
  }

  #settle(id: Id): void {
    const side = this.#options.sideMs ?? 50;
    if (!this.#places.has(id)) this.#places.set(id, [this.rng.next() * side, this.rng.next() * side]);
  }

  #perform(member: Member, effect: PastryEffect): void {
    const { handle, node } = member;
    if (effect.type === 'forward' || effect.type === 'deliver') this.upcall(handle.id, effect.type);
    if (effect.type === 'leafSetChanged') this.leafSetChanged(handle.id, effect);
    if (effect.type === 'send') this.#deliverLater(handle, effect.to, effect.message);
    else if (effect.type === 'forward') this.input(handle.id, { type: 'resume', envelope: effect.envelope, nextHop: effect.nextHop });
    else if (effect.type === 'drop') this.drops.set(effect.reason, (this.drops.get(effect.reason) ?? 0) + effect.count);
    else if (effect.type === 'deliver') {
      const trueRoot = this.rootOf(effect.envelope.key);
      this.deliveries.push({ at: handle.id, envelope: effect.envelope, trueRoot, ready: node.view.ready, time: this.now });
    }
  }

  #deliverLater(from: NodeHandle, to: NodeHandle, message: PastryMessage): void {
    this.watch(from.id, to.id, message);
    this.sent.set(message.type, (this.sent.get(message.type) ?? 0) + 1);
    if (this.trace.length < 200_000) this.trace.push(`${this.now.toFixed(3)} ${from.id.slice(0, 6)} ${to.id.slice(0, 6)} ${message.type}`);
    if (this.rng.next() < (this.#options.loss ?? 0) || this.cuts(from.id, to.id)) return;
    this.#push(this.now + this.latencyMs(from.id, to.id), () => this.input(to.id, { type: 'message', from, message }));
  }

  #arm(id: Id): void {
    const member = this.#members.get(id);
    const deadline = member?.node.deadline();
    if (member === undefined || deadline === undefined || deadline >= member.wakeAt) return;
    member.wakeAt = deadline;
    this.#push(Math.max(deadline, this.now), () => this.#wake(id, member, deadline));
  }

  #wake(id: Id, member: Member, at: Millis): void {
    if (this.#members.get(id) !== member || member.wakeAt !== at) return;
    member.wakeAt = Infinity;
    const deadline = member.node.deadline();
    if (deadline !== undefined && deadline <= this.now) {
      for (const effect of member.node.handle(this.now, { type: 'tick' })) this.#perform(member, effect);
      const after = member.node.deadline();
      if (after !== undefined && after <= this.now) throw new Error('a tick moves the deadline on');
    }
    this.#arm(id);
  }

  #member(id: Id): Member {
    const member = this.#members.get(id);
    if (member === undefined) throw new Error(`no live node ${id}`);
    return member;
  }

  // A binary heap by (time, order).
  #push(time: Millis, run: () => void): void {
    const heap = this.#queue;
    heap.push({ time, order: this.#order++, run });
    for (let i = heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!before(heap[i]!, heap[parent]!)) break;
      [heap[i], heap[parent]] = [heap[parent]!, heap[i]!];
      i = parent;
    }
  }

  #pop(until: Millis): Event | undefined {
    const heap = this.#queue;
    const top = heap[0];
    if (top === undefined || top.time > until) return undefined;
    const last = heap.pop()!;
    if (heap.length > 0) heap[0] = last;
    for (let i = 0; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) if (child < heap.length && before(heap[child]!, heap[least]!)) least = child;
      if (least === i) break;
      [heap[i], heap[least]] = [heap[least]!, heap[i]!];
      i = least;
    }
    return top;
  }
}

interface Careful {
  readonly origin: Id;
  readonly counter: number;
}

function before(a: Event, b: Event): boolean {
  return a.time !== b.time ? a.time < b.time : a.order < b.order;
}
