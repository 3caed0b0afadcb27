import { compareDistance, type Id } from '@banyan/ids';
import type { Envelope, LinkId, NodeHandle } from '@banyan/kbr';
import { seededRng, type Millis, type Rng } from '@banyan/sansio';
import type { MulticastCommand, MulticastEvent } from '../commands.ts';
import type { MulticastConfig } from '../config.ts';
import type { MulticastFrame } from '../frames.ts';
import type { MulticastMessage } from '../messages.ts';
import type { Multicast } from '../multicast.ts';
import { StripedMulticast } from '../stripes/striped-multicast.ts';
import type { MulticastEffect } from '../turn.ts';
import { Agenda } from './agenda.ts';
import { nextHop, viewOf } from './geometry.ts';

type Input = Parameters<Multicast['handle']>[1];

/** A dial without an answer fails after so long, as that of the data links does. */
const DIAL_PATIENCE_MS = 5_000;

interface Link {
  readonly id: LinkId;
  readonly child: Member;
  readonly parent: Member;
  readyAt: Millis;
  up: boolean;
  /** What is written on it never arrives, and nobody is told. */
  swallows: boolean;
}

/** One life of one node. */
export interface Member {
  readonly handle: NodeHandle;
  readonly machine: Multicast;
  readonly known: Map<Id, NodeHandle>;
  alive: boolean;
  pausedUntil: Millis;
  parked: Input[];
  wakeAt: Millis;
}

/** Who looks on; both are called in the order things happen. */
export interface RingObserver {
  onEvent(member: Member, event: MulticastEvent): void;
  /** After every input that a machine took. */
  afterInput(member: Member): void;
}

export interface RingOptions {
  readonly seed: number;
  readonly loss?: number;
  readonly delayMs?: number;
  readonly config?: Partial<MulticastConfig>;
}

/**
 * A ring that knows itself: only the geometry of routing is simulated (bit by bit towards the key, each node learning of
 * arrivals and deaths in its own time), so that multicast can be tested without Pastry. Control messages are lost,
 * repeated and reordered; data links are FIFO and lose a suffix when they break. The same seed gives the same run.
 */
export class RingDouble {
  readonly trace: string[] = [];
  readonly observers: RingObserver[] = [];
  /** Whether what one node sends to another is lost. */
  isCut: (from: Id, to: Id) => boolean = () => false;
  loss: number;
  /** Nothing that goes from this parent's data port to this child arrives, dials neither open nor fail; control messages pass. */
  swallowsData: (child: Id, parent: Id) => boolean = () => false;
  /** Frames that vanish on their way to a node, though its links stand. */
  loses: ((to: Id, frame: MulticastFrame) => boolean) | undefined;
  readonly faults: string[] = [];
  readonly drops = new Map<string, number>();
  inputs = 0;
  /** How many messages of each type were routed (not counting hops). */
  readonly routed = new Map<string, number>();
  readonly #rng: Rng;
  readonly #delayMs: number;
  readonly #config: Partial<MulticastConfig>;
  readonly #members = new Map<Id, Member>();
  readonly #links = new Map<LinkId, Link>();
  readonly #dialling = new Set<string>();
  readonly #agenda = new Agenda();
  #nextLink = 1;
  #counter = 0;

  constructor(options: RingOptions) {
    this.#rng = seededRng(options.seed);
    this.#delayMs = options.delayMs ?? 20;
    this.loss = options.loss ?? 0;
    this.#config = options.config ?? {};
  }

  get now(): Millis {
    return this.#agenda.now;
  }

  get live(): readonly Member[] {
    return [...this.#members.values()].filter((member) => member.alive);
  }

  member(id: Id): Member | undefined {
    return this.#members.get(id);
  }

  rootOf(key: Id): Member | undefined {
    return [...this.live].sort((a, b) => compareDistance(key, a.handle.id, b.handle.id))[0];
  }

  /** Starts a node (again): everybody learns of it within 300 ms, it knows everybody at once. */
  join(id: Id, capacity = 16): Member {
    const incarnation = (this.#members.get(id)?.handle.incarnation ?? 0) + 1;
    const handle: NodeHandle = { id, incarnation, controlAddress: `${id}:c`, dataAddress: `${id}:d`, region: '', zone: '', capacity };
    const known = new Map(this.live.filter((other) => !this.isCut(id, other.handle.id)).map((other) => [other.handle.id, other.handle]));
    const member: Member = { handle, known, alive: true, pausedUntil: 0, parked: [], wakeAt: Infinity, machine: new StripedMulticast(viewOf(handle, known), this.#rng.fork(), this.#config) };
    this.#members.set(id, member);
    for (const other of this.live) {
      if (other !== member && !this.isCut(id, other.handle.id)) this.after(this.#rng.below(300), () => this.learn(other, handle));
    }
    return member;
  }

  /** `other` hears of a node. */
  learn(other: Member, handle: NodeHandle, merged = false): void {
    const known = other.known.get(handle.id);
    if (!other.alive || (known !== undefined && known.incarnation >= handle.incarnation)) return;
    other.known.set(handle.id, handle);
    this.give(other, { type: 'leafSetChanged', gained: [handle], lost: [], merged });
  }

  /** The process is gone at once: sockets break, everybody notices the death in his own time. */
  crash(id: Id): void {
    const member = this.#members.get(id);
    if (member === undefined || !member.alive) return;
    this.#log(`crash ${id.slice(0, 4)}`);
    member.alive = false;
    for (const link of [...this.#links.values()]) if (link.child === member || link.parent === member) this.#break(link);
    for (const other of this.live) this.after(1_500 + this.#rng.below(1_500), () => this.mourn(other, member.handle));
  }

  /** `other` learns that a life is over. */
  mourn(other: Member, handle: NodeHandle): void {
    if (!other.alive || other.known.get(handle.id)?.incarnation !== handle.incarnation) return;
    other.known.delete(handle.id);
    this.give(other, { type: 'peerDead', peer: handle });
    this.give(other, { type: 'leafSetChanged', gained: [], lost: [handle], merged: false });
  }

  /** The process stands still; what is sent to it waits. */
  pause(id: Id, forMs: Millis): void {
    const member = this.#members.get(id);
    if (member === undefined || !member.alive) return;
    this.#log(`pause ${id.slice(0, 4)}`);
    member.pausedUntil = this.now + forMs;
    this.after(forMs, () => {
      const parked = member.parked;
      member.parked = [];
      for (const input of parked) this.give(member, input);
      this.#arm(member);
    });
  }

  /** The process stands still for so long that all others take it for dead; when it runs again they learn that it is not. */
  stall(id: Id, forMs: Millis): void {
    const member = this.#members.get(id);
    if (member === undefined || !member.alive) return;
    this.pause(id, forMs);
    for (const other of this.live) {
      if (other === member) continue;
      this.after(1_500 + this.#rng.below(1_500), () => this.mourn(other, member.handle));
      this.after(forMs + this.#rng.below(1_000), () => member.alive && this.learn(other, member.handle));
    }
  }

  /** The ring falls in two: links across break, each side mourns the other in its own time. */
  split(side: ReadonlySet<Id>): void {
    this.#log('split');
    const isCut = (a: Id, b: Id): boolean => side.has(a) !== side.has(b);
    this.isCut = isCut;
    this.breakLinks(isCut);
    for (const member of this.live) {
      for (const other of this.live) {
        if (!isCut(member.handle.id, other.handle.id)) continue;
        this.after(1_500 + this.#rng.below(1_500), () => this.isCut === isCut && this.mourn(member, other.handle));
      }
    }
  }

  /**
   * What `side` sends to the others is lost, and no link stands across; the ring stays one, as where routing takes those
   * that only third nodes reach for unreachable and not for dead.
   */
  cutOneWay(side: ReadonlySet<Id>): void {
    this.#log('cut one way');
    this.isCut = (from, to) => side.has(from) && !side.has(to);
    this.breakLinks((a, b) => side.has(a) !== side.has(b));
  }

  /** The two sides are one ring again; everybody learns of the others within a second. */
  heal(): void {
    this.#log('heal');
    this.isCut = () => false;
    for (const member of this.live) {
      for (const other of this.live) {
        if (other !== member && !member.known.has(other.handle.id)) this.after(this.#rng.below(1_000), () => other.alive && this.learn(member, other.handle, true));
      }
    }
  }

  /** Every open link of a node pair breaks; the processes live on. */
  breakLinks(concerns: (a: Id, b: Id) => boolean): void {
    for (const link of [...this.#links.values()]) if (concerns(link.child.handle.id, link.parent.handle.id)) this.#break(link);
  }

  /** What is written on the open links of a node pair waits for so long; control messages pass. */
  clogLinks(concerns: (a: Id, b: Id) => boolean, forMs: Millis): void {
    for (const link of this.#links.values()) if (concerns(link.child.handle.id, link.parent.handle.id)) link.readyAt = this.now + forMs;
  }

  /** What is written on the open links of a node pair is lost from here on, and nobody is told. */
  swallowLinks(concerns: (a: Id, b: Id) => boolean): void {
    for (const link of this.#links.values()) if (concerns(link.child.handle.id, link.parent.handle.id)) link.swallows = true;
  }

  command(member: Member, command: MulticastCommand): void {
    this.give(member, { type: 'command', command });
  }

  after(delayMs: Millis, run: () => void): void {
    this.#agenda.after(delayMs, run);
  }

  /** Runs everything up to `until`. */
  run(until: Millis): void {
    this.#agenda.run(until);
  }

  give(member: Member, input: Input): void {
    if (!member.alive) return;
    if (member.pausedUntil > this.now) {
      member.parked.push(input);
      return;
    }
    this.inputs++;
    const effects = member.machine.handle(this.now, input);
    for (const effect of effects) this.#perform(member, effect);
    this.#arm(member);
    for (const observer of this.observers) observer.afterInput(member);
  }

  #arm(member: Member): void {
    const deadline = member.machine.deadline();
    if (deadline === undefined || deadline >= member.wakeAt) return;
    member.wakeAt = deadline;
    this.after(Math.max(0, deadline - this.now), () => {
      if (member.wakeAt > this.now || !member.alive) return;
      member.wakeAt = Infinity;
      if (member.pausedUntil > this.now) return;
      const due = member.machine.deadline();
      if (due === undefined) return;
      if (due > this.now) {
        this.#arm(member);
        return;
      }
      this.give(member, { type: 'tick' });
      const next = member.machine.deadline();
      if (next !== undefined && next <= this.now) throw new Error(`a tick moves the deadline on: ${JSON.stringify(member.machine.state(this.now))}`);
    });
  }

  #perform(member: Member, effect: MulticastEffect): void {
    switch (effect.type) {
      case 'event':
        for (const observer of this.observers) observer.onEvent(member, effect.event);
        return;
      case 'direct':
        this.#sendDirect(member, effect.to, effect.body);
        return;
      case 'route':
        this.routed.set(effect.body.type, (this.routed.get(effect.body.type) ?? 0) + 1);
        this.#route(member, { app: 'multicast', key: effect.key, body: effect.body, origin: member.handle, counter: this.#counter++, hops: 0 });
        return;
      case 'resume':
        if (effect.nextHop !== undefined) this.#hop(member, effect.envelope as Envelope<MulticastMessage>, effect.nextHop);
        return;
      case 'dial':
        this.#dial(member, effect.to);
        return;
      case 'hangUp': {
        const link = this.#links.get(effect.link);
        if (link !== undefined) this.#break(link);
        return;
      }
      case 'fanOut':
        for (const link of effect.links) this.#write(link, effect.frame);
        return;
      case 'peerFault':
        this.faults.push(`${this.now} ${member.handle.id} ${effect.peer.id} ${effect.fault}`);
        return;
      case 'drop':
        this.drops.set(effect.reason, (this.drops.get(effect.reason) ?? 0) + effect.count);
        return;
      case 'suspect':
        return;
    }
  }

  #sendDirect(from: Member, to: NodeHandle, body: MulticastMessage): void {
    if (this.isCut(from.handle.id, to.id)) return;
    if (this.loss > 0 && this.#rng.next() < this.loss) return;
    const copies = this.loss > 0 && this.#rng.next() < this.loss / 4 ? 2 : 1;
    for (let i = 0; i < copies; i++) this.after(this.#delay(), () => this.#arrive(to.id, { type: 'direct', from: from.handle, body }));
  }

  #arrive(id: Id, input: Input): void {
    const member = this.#members.get(id);
    if (member !== undefined) this.give(member, input);
  }

  #route(member: Member, envelope: Envelope<MulticastMessage>): void {
    const next = nextHop(member.handle, member.known, envelope.key);
    if (next === undefined) this.after(0, () => this.give(member, { type: 'deliver', envelope }));
    else this.give(member, { type: 'forward', envelope, nextHop: next });
  }

  /** A hop is acknowledged: towards a dead node it is tried again another way. */
  #hop(member: Member, envelope: Envelope<MulticastMessage>, next: NodeHandle): void {
    const moved = { ...envelope, hops: envelope.hops + 1 };
    if (moved.hops > 40) return;
    this.after(this.#delay(), () => {
      const to = this.#members.get(next.id);
      const isThere = to !== undefined && to.alive && !this.isCut(member.handle.id, next.id);
      if (isThere) this.#route(to, moved);
      else if (member.alive) this.after(300, () => this.#route(member, moved));
    });
  }

  #dial(child: Member, to: NodeHandle): void {
    const pair = `${child.handle.id}@${child.handle.incarnation}>${to.id}`;
    const open = [...this.#links.values()].some((link) => link.up && link.child === child && link.parent.handle.id === to.id);
    if (open || this.#dialling.has(pair)) return;
    this.#dialling.add(pair);
    if (this.swallowsData(child.handle.id, to.id)) {
      this.after(DIAL_PATIENCE_MS, () => {
        this.#dialling.delete(pair);
        this.give(child, { type: 'linkDown', peer: to, link: undefined, dialled: true });
      });
      return;
    }
    const attempt = (tries: number): void => {
      const parent = this.#members.get(to.id);
      if (parent === undefined || !parent.alive || tries > 20 || this.#isApart(child.handle.id, to.id)) {
        this.#dialling.delete(pair);
        this.give(child, { type: 'linkDown', peer: to, link: undefined, dialled: true });
        return;
      }
      if (parent.pausedUntil > this.now) {
        this.after(100, () => attempt(tries + 1));
        return;
      }
      this.#dialling.delete(pair);
      const link: Link = { id: this.#nextLink++, child, parent, readyAt: this.now, up: true, swallows: false };
      this.#links.set(link.id, link);
      this.give(parent, { type: 'linkUp', peer: child.handle, link: link.id, dialled: false });
      this.after(this.#delay(), () => link.up && this.give(child, { type: 'linkUp', peer: parent.handle, link: link.id, dialled: true }));
    };
    this.after(this.#delay(), () => attempt(0));
  }

  #write(id: LinkId, frame: MulticastFrame): void {
    const link = this.#links.get(id);
    if (link === undefined || !link.up || link.swallows || this.swallowsData(link.child.handle.id, link.parent.handle.id)) return;
    link.readyAt = Math.max(link.readyAt + 0.001, this.now + this.#delay());
    this.after(link.readyAt - this.now, () => {
      if (link.up && this.loses?.(link.child.handle.id, frame) !== true) this.give(link.child, { type: 'frame', from: link.parent.handle, link: link.id, frame });
    });
  }

  #break(link: Link): void {
    if (!link.up) return;
    link.up = false;
    this.#links.delete(link.id);
    const { child, parent, id } = link;
    this.after(this.#delay(), () => this.give(child, { type: 'linkDown', peer: parent.handle, link: id, dialled: true }));
    this.after(this.#delay(), () => this.give(parent, { type: 'linkDown', peer: child.handle, link: id, dialled: false }));
  }

  /** No connection can stand between the two. */
  #isApart(a: Id, b: Id): boolean {
    return this.isCut(a, b) || this.isCut(b, a);
  }

  #delay(): Millis {
    return 1 + this.#rng.below(this.#delayMs);
  }

  #log(text: string): void {
    this.trace.push(`${this.now} ${text}`);
  }
}
