import type { Machine, Millis } from '@banyan/sansio';
import { Inbox } from './inbox.ts';

/** Where time comes from: monotone milliseconds, and a way to be woken. */
export interface Clock {
  now(): Millis;
  /** Calls `wake` after `ms`; what it returns cancels. */
  wakeAfter(ms: Millis, wake: () => void): () => void;
  /** Calls `work` soon, after the sockets had their turn. */
  soon(work: () => void): void;
}

/** Who looks on while a machine is driven. */
export interface DriverObserver<Input, Effect> {
  /** One input was taken to completion; `waitMs` is how long it had waited in the inbox. */
  stepped(step: { readonly now: Millis; readonly input: Input; readonly effects: readonly Effect[]; readonly waitMs: Millis }): void;
  /** The machine broke one of its own truths while it took `input`. It takes nothing more. */
  broke(error: Error, now: Millis, input: Input): void;
}

/** What a driver drives, and how. */
export interface DriverOptions<Input, Effect> {
  readonly machine: Machine<Input, Effect>;
  readonly perform: (effect: Effect) => void;
  readonly tick: Input;
  /** The input that tells the machine that it was not scheduled for so long. */
  readonly stalled: (forMs: Millis) => Input;
  /** A gap in scheduling over this is told as `stalled`: half a lease. */
  readonly stallMs: Millis;
  readonly observer: DriverObserver<Input, Effect>;
  /** The inbox ran over its high mark (true: data links should pause) or under its low mark again. */
  readonly pressed: (isPressed: boolean) => void;
  readonly clock?: Clock;
  /** Control inputs that may wait; more are not taken. */
  readonly inboxMax?: number;
  /** Inputs handled before the event loop gets its turn back. */
  readonly budget?: number;
}

interface Waiting<Input> {
  readonly input: Input;
  readonly since: Millis;
}

const INBOX_MAX = 8_192;
const BUDGET = 64;
// Data is bounded by credit; these marks only keep a burst from standing in our memory instead of the sender's window.
const HIGH_MARK = 1_024;
const LOW_MARK = 256;
const PULSES_PER_STALL = 4;
const PULSE_MS_MAX = 250;

/**
 * Carries a machine through real time: inputs wait in a bounded inbox and are handled a few at a time, the alarm rings at
 * the machine's deadline, a pause of the whole process is told before anything else is.
 * The alarm is no inbox item: a full inbox never silences the clock.
 */
export class Driver<Input, Effect> {
  readonly #options: DriverOptions<Input, Effect>;
  readonly #clock: Clock;
  readonly #inboxMax: number;
  readonly #budget: number;
  readonly #inbox = new Inbox<Waiting<Input>>();
  #isScheduled = false;
  #isPressed = false;
  #isStopped = false;
  #alarmAt: Millis | undefined;
  #cancelAlarm: () => void = () => undefined;
  #cancelPulse: () => void = () => undefined;
  #lastScheduled: Millis;

  constructor(options: DriverOptions<Input, Effect>) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#inboxMax = options.inboxMax ?? INBOX_MAX;
    this.#budget = options.budget ?? BUDGET;
    this.#lastScheduled = this.#clock.now();
    this.#pulse();
  }

  /** Inputs that wait. */
  get waiting(): number {
    return this.#inbox.length;
  }

  /** Hands in what may be lost; false when the inbox is full: the caller drops and counts, it does not wait. */
  post(input: Input): boolean {
    if (this.#isStopped || this.#inbox.length >= this.#inboxMax) return false;
    this.#enqueue(input);
    return true;
  }

  /** Hands in what must not be lost because its sender was promised room: frames, and what our own users ask. */
  postSurely(input: Input): void {
    if (this.#isStopped) return;
    this.#enqueue(input);
    if (this.#isPressed || this.#inbox.length < HIGH_MARK) return;
    this.#isPressed = true;
    this.#options.pressed(true);
  }

  /** Takes nothing more; what waits is forgotten. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelAlarm();
    this.#cancelPulse();
  }

  #enqueue(input: Input): void {
    this.#inbox.push({ input, since: this.#clock.now() });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock.soon(() => this.#turn());
  }

  #turn(): void {
    this.#isScheduled = false;
    this.#noticeStall();
    for (let n = 0; n < this.#budget && !this.#isStopped; n++) {
      const waiting = this.#inbox.shift();
      if (waiting === undefined) break;
      this.#step(waiting.input, waiting.since);
    }
    if (this.#isStopped) return;
    if (this.#inbox.length > 0) this.#schedule();
    if (this.#isPressed && this.#inbox.length <= LOW_MARK) {
      this.#isPressed = false;
      this.#options.pressed(false);
    }
    this.#setAlarm();
  }

  #step(input: Input, since: Millis): void {
    const { machine, perform, observer } = this.#options;
    const now = this.#clock.now();
    let effects: readonly Effect[];
    try {
      effects = machine.handle(now, input);
    } catch (error) {
      this.stop();
      observer.broke(error instanceof Error ? error : new Error(String(error)), now, input);
      return;
    }
    for (const effect of effects) perform(effect);
    observer.stepped({ now, input, effects, waitMs: now - since });
  }

  // Re-armed only when the deadline changed: most inputs leave it where it is.
  #setAlarm(): void {
    const deadline = this.#options.machine.deadline();
    if (deadline === this.#alarmAt) return;
    this.#cancelAlarm();
    this.#alarmAt = deadline;
    if (deadline === undefined) return;
    this.#cancelAlarm = this.#clock.wakeAfter(Math.max(0, deadline - this.#clock.now()), () => this.#ring());
  }

  #ring(): void {
    this.#alarmAt = undefined;
    if (this.#isStopped) return;
    this.#noticeStall();
    // Timers are rounded down to whole milliseconds: an alarm may ring a fraction early, and is set again.
    const now = this.#clock.now();
    if (!this.#isStopped && (this.#options.machine.deadline() ?? Infinity) <= now) this.#step(this.#options.tick, now);
    if (!this.#isStopped) this.#setAlarm();
  }

  // Whatever runs first after a pause, a timer or a turn, tells the pause first.
  #noticeStall(): void {
    const now = this.#clock.now();
    const gap = now - this.#lastScheduled;
    this.#lastScheduled = now;
    if (gap > this.#options.stallMs && !this.#isStopped) this.#step(this.#options.stalled(gap), now);
  }

  #pulse(): void {
    const periodMs = Math.min(this.#options.stallMs / PULSES_PER_STALL, PULSE_MS_MAX);
    this.#cancelPulse = this.#clock.wakeAfter(periodMs, () => {
      if (this.#isStopped) return;
      this.#noticeStall();
      this.#setAlarm();
      this.#pulse();
    });
  }
}

/** The process's monotone clock, to the microsecond; timers that keep the process up. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Math.round(performance.now() * 1_000) / 1_000,
  wakeAfter(ms, wake) {
    const timer = setTimeout(wake, Math.ceil(ms));
    return () => clearTimeout(timer);
  },
  soon: (work) => void setImmediate(work),
};
