import { compareDistance, id, type Id } from '@banyan/ids';
import { NOWHERE, type Envelope, type NodeHandle, type RoutingView } from '@banyan/kbr';
import { seededRng, type Millis } from '@banyan/sansio';
import type { MulticastConfig } from '../config.ts';
import type { MulticastFrame } from '../frames.ts';
import type { MulticastMessage } from '../messages.ts';
import { Multicast } from '../multicast.ts';
import type { MulticastEffect } from '../turn.ts';

/** A handle whose id begins with the given hex digits and ends in zeros. */
export function nodeAt(digits: string, incarnation = 1): NodeHandle {
  const whole = idAt(digits);
  return { id: whole, incarnation, controlAddress: `${digits}:c`, dataAddress: `${digits}:d`, region: '', zone: '', capacity: 16 };
}

export function idAt(digits: string): Id {
  return id(digits.padEnd(32, '0'));
}

/** One machine fed by hand: inputs go in, what it says is looked at. */
export class LoneNode {
  readonly machine: Multicast;
  readonly self: NodeHandle;
  now: Millis = 1_000;
  readonly #others: NodeHandle[];

  constructor(self: NodeHandle, others: readonly NodeHandle[], config: Partial<MulticastConfig> = {}) {
    this.self = self;
    this.#others = [...others];
    const nearest = (key: Id): NodeHandle[] => [self, ...this.#others].sort((a, b) => compareDistance(key, a.id, b.id));
    const view: RoutingView = {
      self,
      ready: true,
      isRoot: (key) => nearest(key)[0] === self,
      replicaSet: (key, max) => nearest(key).slice(0, max),
      nextHops: () => [],
      leaves: () => this.#others,
      roundTripMs: () => 10,
      place: NOWHERE,
    };
    this.machine = new Multicast(view, seededRng(1), config);
  }

  give(input: Parameters<Multicast['handle']>[1]): readonly MulticastEffect[] {
    return this.machine.handle(this.now, input);
  }

  hear(from: NodeHandle, body: MulticastMessage): readonly MulticastEffect[] {
    return this.give({ type: 'direct', from, body });
  }

  receive(from: NodeHandle, link: number, frame: MulticastFrame): readonly MulticastEffect[] {
    return this.give({ type: 'frame', from, link, frame });
  }

  forward(key: Id, body: MulticastMessage, origin: NodeHandle, nextHop: NodeHandle): readonly MulticastEffect[] {
    const envelope: Envelope<MulticastMessage> = { app: 'multicast', key, body, origin, counter: 1, hops: 1 };
    return this.give({ type: 'forward', envelope, nextHop });
  }

  /** Lets time pass, tick by tick; everything said meanwhile. */
  wait(forMs: Millis): MulticastEffect[] {
    const until = this.now + forMs;
    const said: MulticastEffect[] = [];
    for (let due = this.machine.deadline(); due !== undefined && due <= until; due = this.machine.deadline()) {
      this.now = Math.max(this.now, due);
      said.push(...this.give({ type: 'tick' }));
    }
    this.now = until;
    return said;
  }
}

/** The messages of one type among the effects, with whom they go to. */
export function saidTo<T extends MulticastMessage['type']>(effects: readonly MulticastEffect[], type: T): { readonly to: string; readonly body: Extract<MulticastMessage, { type: T }> }[] {
  return effects.flatMap((effect) => {
    if (effect.type !== 'direct' && effect.type !== 'route') return [];
    if (effect.body.type !== type) return [];
    return [{ to: effect.type === 'direct' ? effect.to.id : `key ${effect.key}`, body: effect.body as Extract<MulticastMessage, { type: T }> }];
  });
}
