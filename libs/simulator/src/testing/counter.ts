import { seededRng, type Json, type Machine, type Millis } from '@banyan/sansio';
import { CALM, Network, type Weather } from '../network.ts';
import type { Host, Topology } from '../topology.ts';
import { Trace } from '../trace.ts';
import { World, type WorldOptions } from '../world.ts';

/** What the test machine takes: everything the network can tell, and commands that become effects as they are. */
export type CounterInput =
  | { readonly type: 'tick' }
  | { readonly type: 'stalled'; readonly forMs: Millis }
  | { readonly type: 'do'; readonly effects: readonly CounterEffect[] }
  | { readonly type: 'message'; readonly from: Host; readonly text: string }
  | { readonly type: 'up'; readonly peer: Host; readonly link: number; readonly dialled: boolean }
  | { readonly type: 'down'; readonly peer: Host; readonly link: number | undefined; readonly dialled: boolean }
  | { readonly type: 'frame'; readonly peer: Host; readonly link: number; readonly frame: number };

export type CounterEffect =
  | { readonly type: 'send'; readonly to: Host; readonly text: string }
  | { readonly type: 'dial'; readonly to: Host }
  | { readonly type: 'hangUp'; readonly link: number }
  | { readonly type: 'write'; readonly link: number; readonly frame: number };

/** Remembers what it was told and when; ticks every `periodMs` when given one. */
export class Counter implements Machine<CounterInput, CounterEffect> {
  readonly heard: { readonly at: Millis; readonly input: CounterInput }[] = [];
  readonly #periodMs: Millis | undefined;
  #nextTick: Millis | undefined;

  constructor(periodMs?: Millis) {
    this.#periodMs = periodMs;
    this.#nextTick = periodMs;
  }

  handle(now: Millis, input: CounterInput): readonly CounterEffect[] {
    this.heard.push({ at: now, input });
    if (input.type === 'tick' && this.#periodMs !== undefined) this.#nextTick = now + this.#periodMs;
    return input.type === 'do' ? input.effects : [];
  }

  deadline(): Millis | undefined {
    return this.#nextTick;
  }

  /** Moves the alarm, as a machine does that was asked to wait longer. */
  postpone(until: Millis): void {
    this.#nextTick = until;
  }

  state(): Json {
    return this.heard.length;
  }

  /** The frames heard, in order. */
  frames(): readonly number[] {
    return this.heard.flatMap(({ input }) => (input.type === 'frame' ? [input.frame] : []));
  }

  /** The kinds of input heard, in order. */
  kinds(): readonly string[] {
    return this.heard.map(({ input }) => input.type);
  }
}

/** Every pair of hosts `latencyMs` apart. */
export function everywhere(hosts: number, latencyMs: Millis): Topology {
  return { name: 'everywhere', hosts, latencyMs: (from, to) => (from === to ? 0 : latencyMs) };
}

export type CounterWorld = World<CounterInput, CounterEffect, number>;

type Access = NonNullable<WorldOptions<CounterInput, CounterEffect, number>['access']>;

/** A world of counters that traces every effect and every input. */
export function counterWorld({ topology, seed = 1, weather = CALM, access }: { readonly topology: Topology; readonly seed?: number; readonly weather?: Weather; readonly access?: Access }): {
  readonly world: CounterWorld;
  readonly trace: Trace;
} {
  const trace = new Trace();
  const world: CounterWorld = new World<CounterInput, CounterEffect, number>({
    network: new Network({ topology, rng: seededRng(seed), weather }),
    ...(access === undefined ? {} : { access }),
    seam: {
      tick: { type: 'tick' },
      stalled: (forMs) => ({ type: 'stalled', forMs }),
      linkUp: (_host, { peer, link, dialled }) => ({ type: 'up', peer, link, dialled }),
      linkDown: (_host, { peer, link, dialled }) => ({ type: 'down', peer, link, dialled }),
      frame: (_host, { peer, link }, frame) => ({ type: 'frame', peer, link, frame }),
      perform: (to, host, effect) => perform(to, host, effect),
      afterStep: (now, host, input, effects) => trace.record(`${now} ${host} ${JSON.stringify(input)} ${JSON.stringify(effects)}`),
    },
  });
  return { world, trace };
}

function perform(world: CounterWorld, host: Host, effect: CounterEffect): void {
  switch (effect.type) {
    case 'send':
      world.send(host, effect.to, { type: 'message', from: host, text: effect.text });
      break;
    case 'dial':
      world.dial(host, effect.to);
      break;
    case 'hangUp':
      world.hangUp(host, effect.link);
      break;
    case 'write':
      world.fanOut(host, [effect.link], effect.frame);
      break;
  }
}

/** Has the machine on `host` perform these effects now. */
export function order(world: CounterWorld, host: Host, ...effects: readonly CounterEffect[]): void {
  world.input(host, { type: 'do', effects });
}
