import type { Json, Machine, Millis } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import { Driver, type Clock, type DriverOptions } from './driver.ts';

/** A clock that a spec moves: timers and turns run when it says so. */
class TestClock implements Clock {
  time = 1_000;
  armed = 0;
  #timers: { at: Millis; wake: () => void }[] = [];
  #turns: (() => void)[] = [];

  now(): Millis {
    return this.time;
  }
  wakeAfter(ms: Millis, wake: () => void): () => void {
    const timer = { at: this.time + ms, wake };
    this.armed++;
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
  }
  soon(work: () => void): void {
    this.#turns.push(work);
  }
  /** One turn of the event loop; false when none was asked for. */
  turn(): boolean {
    const work = this.#turns.shift();
    work?.();
    return work !== undefined;
  }
  /** Runs all that is due until `to`, in order, turns included. */
  run(to: Millis): void {
    for (;;) {
      while (this.turn());
      const next = this.#timers.reduce<{ at: Millis; wake: () => void } | undefined>((first, timer) => (first === undefined || timer.at < first.at ? timer : first), undefined);
      if (next === undefined || next.at > to) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.time = Math.max(this.time, next.at);
      next.wake();
    }
    this.time = to;
  }
  /** The process stands still; nothing runs meanwhile. */
  freeze(ms: Millis): void {
    this.time += ms;
  }
}

type Input = { readonly type: 'tick' } | { readonly type: 'stalled'; readonly forMs: Millis } | { readonly type: 'say'; readonly word: string };

/** Writes down what it is told; wants a tick when it says so. */
class Notebook implements Machine<Input, string> {
  readonly lines: string[] = [];
  wants: Millis | undefined;

  handle(now: Millis, input: Input): readonly string[] {
    if (input.type === 'say' && input.word === 'break') throw new Error('broken');
    if (input.type === 'tick') this.wants = undefined;
    const line = input.type === 'say' ? input.word : input.type === 'stalled' ? `stalled ${input.forMs}` : `tick ${now}`;
    this.lines.push(line);
    return [line];
  }
  deadline(): Millis | undefined {
    return this.wants;
  }
  state(): Json {
    return this.lines;
  }
}

function driven(options: Partial<DriverOptions<Input, string>> = {}): { clock: TestClock; notebook: Notebook; driver: Driver<Input, string>; performed: string[]; pressed: boolean[]; broken: string[] } {
  const clock = new TestClock();
  const notebook = new Notebook();
  const performed: string[] = [];
  const pressed: boolean[] = [];
  const broken: string[] = [];
  const driver = new Driver<Input, string>({
    machine: notebook,
    perform: (effect) => performed.push(effect),
    tick: { type: 'tick' },
    stalled: (forMs) => ({ type: 'stalled', forMs }),
    stallMs: 4_000,
    observer: { stepped: () => undefined, broke: (error) => broken.push(error.message) },
    pressed: (isPressed) => pressed.push(isPressed),
    clock,
    ...options,
  });
  return { clock, notebook, driver, performed, pressed, broken };
}

const say = (word: string): Input => ({ type: 'say', word });

describe('Driver', () => {
  it('handles inputs in order, a budget of them a turn', () => {
    const { clock, notebook, driver, performed } = driven({ budget: 2 });
    for (const word of ['a', 'b', 'c']) driver.post(say(word));
    clock.turn();
    expect(notebook.lines).toEqual(['a', 'b']);
    clock.turn();
    expect(performed).toEqual(['a', 'b', 'c']);
  });

  it('does not take control inputs beyond the bound, and takes what was promised room', () => {
    const { driver } = driven({ inboxMax: 2 });
    expect([driver.post(say('a')), driver.post(say('b')), driver.post(say('c'))]).toEqual([true, true, false]);
    driver.postSurely(say('d'));
    expect(driver.waiting).toBe(3);
  });

  it('asks data links to pause when much waits, and to go on when little does', () => {
    const { clock, driver, pressed } = driven();
    for (let i = 0; i < 1_100; i++) driver.postSurely(say('x'));
    expect(pressed).toEqual([true]);
    clock.run(1_001);
    expect(pressed).toEqual([true, false]);
  });

  it('rings at the deadline and not before', () => {
    const { clock, notebook, driver } = driven();
    driver.post(say('a'));
    notebook.wants = 1_500;
    clock.run(1_499);
    expect(notebook.lines).toEqual(['a']);
    clock.run(1_501);
    expect(notebook.lines).toEqual(['a', 'tick 1500']);
  });

  it('sets the alarm again only when the deadline changed', () => {
    const { clock, notebook, driver } = driven();
    notebook.wants = 1_200;
    driver.post(say('a'));
    clock.turn();
    const armed = clock.armed;
    for (const word of ['b', 'c']) {
      driver.post(say(word));
      clock.turn();
    }
    expect(clock.armed).toBe(armed);
    notebook.wants = 1_100;
    driver.post(say('d'));
    clock.turn();
    expect(clock.armed).toBe(armed + 1);
  });

  it('rings although the inbox is full', () => {
    const { clock, notebook, driver } = driven({ inboxMax: 1, budget: 1 });
    driver.post(say('a'));
    notebook.wants = 1_010;
    clock.turn();
    driver.post(say('b'));
    expect(driver.post(say('lost'))).toBe(false);
    clock.run(1_020);
    expect(notebook.lines).toContain('tick 1010');
  });

  it('tells a pause of the process before anything that waited meanwhile', () => {
    const { clock, notebook, driver } = driven();
    clock.run(2_000);
    driver.post(say('waited'));
    notebook.wants = 2_100;
    clock.freeze(10_000);
    clock.run(12_500);
    expect(notebook.lines).toEqual(['stalled 10000', 'waited', 'tick 12000']);
  });

  it('does not mistake an idle process for a stalled one', () => {
    const { clock, notebook } = driven();
    clock.run(60_000);
    expect(notebook.lines).toEqual([]);
  });

  it('takes nothing more after the machine broke', () => {
    const { clock, notebook, driver, broken } = driven();
    driver.post(say('break'));
    driver.post(say('after'));
    clock.run(2_000);
    expect(broken).toEqual(['broken']);
    expect(notebook.lines).toEqual([]);
    expect(driver.post(say('more'))).toBe(false);
  });
});
