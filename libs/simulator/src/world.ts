import { assert, type Machine, type Millis } from '@banyan/sansio';
import { AccessLinks, type AccessRates } from './access-links.ts';
import { shownAt, TRUE_CLOCK, worldTimeOf, type HostClock } from './clock.ts';
import { DataLinks, type LinkEnd, type LostEnd } from './data-links.ts';
import { EventQueue } from './event-queue.ts';
import { LOST, type Network } from './network.ts';
import { InputMemory, StepFailed } from './step-failed.ts';
import type { Host } from './topology.ts';

/**
 * How a world that knows no protocol drives one: what the network tells a machine becomes its input here, and
 * `perform` turns its effects into `send`, `dial`, `hangUp` and `fanOut` of the world.
 */
export interface Seam<Input, Effect, Frame> {
  readonly tick: Input;
  perform(world: World<Input, Effect, Frame>, host: Host, effect: Effect): void;
  /** The input of a machine that was not scheduled for `forMs`; undefined: it is not told. */
  stalled(forMs: Millis): Input | undefined;
  linkUp(host: Host, end: LinkEnd): Input;
  linkDown(host: Host, end: LostEnd): Input;
  frame(host: Host, end: LinkEnd, frame: Frame): Input;
  /** Called after every step, when all its effects are performed: where oracles look and recorders write. */
  afterStep?(now: Millis, host: Host, input: Input, effects: readonly Effect[]): void;
}

type Event<Input> =
  | { readonly type: 'input'; readonly host: Host; readonly life: number; readonly input: Input }
  | { readonly type: 'wake'; readonly host: Host; readonly at: Millis }
  | { readonly type: 'call'; readonly action: () => void };

interface Resident<Input, Effect> {
  readonly machine: Machine<Input, Effect>;
  readonly life: number;
  readonly clock: HostClock;
  /** The latest time the machine was told; it never hears an earlier one. */
  toldAt: Millis;
  /** The alarm that counts; others pending for this host are stale. */
  wakeAt: Millis;
  pausedAt: Millis | undefined;
  /** What arrived while paused, as a stopped process's sockets keep it. */
  readonly held: Input[];
}

/** A clock that shows a machine's deadline up to this much too early counts as showing it: its times are rounded numbers. */
const ROUNDING_MS: Millis = 0.001;

export interface WorldOptions<Input, Effect, Frame> {
  readonly network: Network;
  readonly seam: Seam<Input, Effect, Frame>;
  /** How fast the hosts' lines are, and what a frame counts on them; absent: nothing takes time but distance. Datagrams take none. */
  readonly access?: { readonly rates: AccessRates; bytesOf(frame: Frame): number };
}

/**
 * Many machines, one queue, one thread. Same seed, same run, to the last effect.
 * All times here are the world's; each machine is told those of its own host's clock.
 * A message on its way to a host that crashes is lost, also when the host starts again before it would arrive.
 * A machine that throws ends the run with `StepFailed`, which tells what it had been told.
 */
export class World<Input, Effect, Frame = never> {
  readonly network: Network;
  readonly links: DataLinks<Frame>;
  readonly #seam: Seam<Input, Effect, Frame>;
  readonly #queue = new EventQueue<Event<Input>>();
  readonly #residents: (Resident<Input, Effect> | undefined)[] = [];
  readonly #clocks: HostClock[] = [];
  readonly #memory = new InputMemory<Input>();
  #now: Millis = 0;
  #lives = 0;
  #events = 0;
  #datagrams = 0;

  constructor({ network, seam, access }: WorldOptions<Input, Effect, Frame>) {
    this.network = network;
    this.#seam = seam;
    this.links = new DataLinks<Frame>({
      network,
      ...(access === undefined ? {} : { access: { lines: new AccessLinks(network.topology.hosts, access.rates), bytesOf: access.bytesOf } }),
      now: () => this.#now,
      schedule: (at, action) => this.at(at, action),
      lifeOf: (host) => this.#residents[host]?.life,
      isPaused: (host) => this.isPaused(host),
      linkUp: (host, end) => this.input(host, seam.linkUp(host, end)),
      linkDown: (host, end) => this.input(host, seam.linkDown(host, end)),
      frame: (host, end, frame) => this.input(host, seam.frame(host, end, frame)),
    });
  }

  get now(): Millis {
    return this.#now;
  }

  /** Events handled so far. */
  get events(): number {
    return this.#events;
  }

  /** Datagrams handed to the network so far, lost ones too. */
  get datagrams(): number {
    return this.#datagrams;
  }

  /** The machine that runs on a host; undefined while none does. */
  machine(host: Host): Machine<Input, Effect> | undefined {
    return this.#residents[host]?.machine;
  }

  isPaused(host: Host): boolean {
    return this.#residents[host]?.pausedAt !== undefined;
  }

  /** The clock that the next lives of a host live by. */
  setClock(host: Host, clock: HostClock): void {
    this.#clocks[host] = clock;
  }

  /** What the clock of a host shows now. */
  timeAt(host: Host): Millis {
    return shownAt(this.#clocks[host] ?? TRUE_CLOCK, this.#now);
  }

  /** How fast the clock of a host runs. */
  rateOf(host: Host): number {
    return (this.#clocks[host] ?? TRUE_CLOCK).rate;
  }

  /** Starts a new life on a host and feeds it its first input in its own event. */
  start(host: Host, machine: Machine<Input, Effect>, first?: Input): void {
    assert(host >= 0 && host < this.network.topology.hosts, `host ${host} is in the topology`);
    assert(this.#residents[host] === undefined, `nothing runs on host ${host} yet`);
    const clock = this.#clocks[host] ?? TRUE_CLOCK;
    const resident: Resident<Input, Effect> = { machine, life: this.#lives, clock, toldAt: shownAt(clock, this.#now), wakeAt: Infinity, pausedAt: undefined, held: [] };
    this.#lives += 1;
    this.#residents[host] = resident;
    this.#arm(host, resident);
    if (first !== undefined) this.input(host, first);
  }

  /** Ends a life at once: what it had not sent is gone. `silent`: its links are not reset, as when power fails. */
  crash(host: Host, { silent = false }: { readonly silent?: boolean } = {}): void {
    if (this.#residents[host] === undefined) return;
    this.links.hostDied(host, { silent });
    this.#residents[host] = undefined;
  }

  /** Stops scheduling a machine; what reaches it waits. */
  pause(host: Host): void {
    const resident = this.#residents[host];
    if (resident !== undefined) resident.pausedAt ??= this.#now;
  }

  /** Goes on where `pause` stopped: the machine hears of the stall first, then all that waited. */
  resume(host: Host): void {
    const resident = this.#residents[host];
    if (resident?.pausedAt === undefined) return;
    const stalled = this.#seam.stalled((this.#now - resident.pausedAt) * resident.clock.rate);
    resident.pausedAt = undefined;
    const inputs = resident.held.splice(0);
    for (const input of stalled === undefined ? inputs : [stalled, ...inputs]) this.input(host, input);
    resident.wakeAt = Infinity;
    this.#arm(host, resident);
  }

  /** Undoes every cut; frames held on links go on. */
  heal(): void {
    this.network.heal();
    this.links.healed();
  }

  /** Undoes what was done to one direction between two hosts; frames held on it go on. */
  mend(from: Host, to: Host): void {
    this.network.mend(from, to);
    this.links.healed();
  }

  /** Sends a datagram: `input` is what the machine on `to` takes when and if it arrives. */
  send(from: Host, to: Host, input: Input): void {
    this.#datagrams += 1;
    const life = this.#residents[to]?.life;
    const delayMs = this.network.datagramMs(from, to);
    if (delayMs === LOST || life === undefined) return;
    this.#queue.push(this.#now + delayMs, { type: 'input', host: to, life, input });
    if (!this.network.repeats()) return;
    const againMs = this.network.datagramMs(from, to);
    if (againMs !== LOST) this.#queue.push(this.#now + againMs, { type: 'input', host: to, life, input });
  }

  /** Asks for a data link from child `host` to parent `to`, for one of the machine's uses. */
  dial(host: Host, to: Host, channel = ''): void {
    this.links.dial(host, to, channel);
  }

  hangUp(host: Host, link: number): void {
    this.links.hangUp(host, link);
  }

  /** Writes one frame to several links. */
  fanOut(host: Host, links: readonly number[], frame: Frame): void {
    for (const link of links) this.links.send(host, link, frame);
  }

  /** Hands an input to the machine on `host` in an event of its own, now; dropped where nothing runs. */
  input(host: Host, input: Input): void {
    const life = this.#residents[host]?.life;
    if (life !== undefined) this.#queue.push(this.#now, { type: 'input', host, life, input });
  }

  /** Runs an action of the experiment at `at`, not before now. */
  at(at: Millis, action: () => void): void {
    this.#queue.push(Math.max(at, this.#now), { type: 'call', action });
  }

  /** Handles every event up to and at `until`, then the clock stands at `until`. */
  run(until: Millis): void {
    while (this.step(until));
    this.#now = Math.max(this.#now, until);
  }

  /** Runs until `done` holds, looked at after every event; false when `until` came first. */
  runUntil(done: () => boolean, until: Millis): boolean {
    while (!done()) {
      if (this.step(until)) continue;
      this.#now = Math.max(this.#now, until);
      return false;
    }
    return true;
  }

  /** Handles the earliest event unless it lies after `until`; false when there was none. */
  step(until: Millis): boolean {
    const at = this.#queue.nextAt;
    if (at === undefined || at > until) return false;
    assert(at >= this.#now, 'time runs forward');
    const event = this.#queue.pop();
    this.#now = at;
    this.#events += 1;
    if (event?.type === 'call') event.action();
    else if (event?.type === 'input') this.#onInput(event.host, event.life, event.input);
    else if (event !== undefined) this.#onWake(event.host, event.at);
    return true;
  }

  #onInput(host: Host, life: number, input: Input): void {
    const resident = this.#residents[host];
    if (resident?.life !== life) return;
    if (resident.pausedAt === undefined) this.#feed(host, resident, input);
    else resident.held.push(input);
  }

  #onWake(host: Host, at: Millis): void {
    const resident = this.#residents[host];
    if (resident === undefined || resident.pausedAt !== undefined || resident.wakeAt !== at) return;
    resident.wakeAt = Infinity;
    const deadline = resident.machine.deadline();
    if (deadline === undefined) return;
    if (deadline > this.#tell(resident) + ROUNDING_MS) {
      this.#arm(host, resident);
      return;
    }
    resident.toldAt = Math.max(resident.toldAt, deadline);
    this.#feed(host, resident, this.#seam.tick);
  }

  #feed(host: Host, resident: Resident<Input, Effect>, input: Input): void {
    this.#memory.add(this.#now, host, input);
    const effects = this.#handle(host, resident, input);
    for (const effect of effects) this.#seam.perform(this, host, effect);
    this.#seam.afterStep?.(this.#now, host, input, effects);
    this.#arm(host, resident);
  }

  #handle(host: Host, resident: Resident<Input, Effect>, input: Input): readonly Effect[] {
    const { machine } = resident;
    try {
      const now = this.#tell(resident);
      const effects = machine.handle(now, input);
      if (input !== this.#seam.tick) return effects;
      const deadline = machine.deadline();
      if (deadline !== undefined && deadline <= now) assert(false, `a tick moves the deadline on, which is still ${deadline} ms at ${now} ms of its own clock`);
      return effects;
    } catch (cause) {
      throw new StepFailed({ host, at: this.#now, inputs: this.#memory.of(host), cause });
    }
  }

  /** What the machine is told as the time now. */
  #tell(resident: Resident<Input, Effect>): Millis {
    resident.toldAt = Math.max(resident.toldAt, shownAt(resident.clock, this.#now));
    return resident.toldAt;
  }

  // One pending alarm a host: a wake per input would double the events and make the queue eleven times longer.
  #arm(host: Host, resident: Resident<Input, Effect>): void {
    const deadline = resident.machine.deadline();
    if (deadline === undefined) return;
    const at = Math.max(worldTimeOf(resident.clock, deadline), this.#now);
    if (at >= resident.wakeAt) return;
    resident.wakeAt = at;
    this.#queue.push(at, { type: 'wake', host, at });
  }
}
