import type { NodeHandle } from '@banyan/kbr';
import type { PastryEffect, PastryInput, PastryMessage, PastryNode } from '@banyan/pastry';
import type { Millis } from '@banyan/sansio';
import { handleAt, KEYS, makeNode } from './small-ring.ts';

interface Resident {
  readonly handle: NodeHandle;
  readonly node: PastryNode;
  isStarted: boolean;
}

interface Flight {
  readonly from: string;
  readonly to: string;
  readonly message: PastryMessage;
}

/** How a way went. */
export interface Replayed {
  /** Steps that could not be taken: no such message was on its way, or no alarm set. The rules have changed since then. */
  readonly skipped: readonly string[];
  /** The first step after which more than one node would have delivered some key. */
  readonly doubleOwners: string | undefined;
}

/**
 * Takes the steps of a counterexample again, with the machines as they are today. A step is `start 8`, `alarm 8` or
 * `8 > 0 leafProbe`, which delivers the earliest such message; `places` names all nodes, the first of which begins the ring.
 */
export function replayWay(places: string, steps: readonly string[]): Replayed {
  const nodes = new Map<string, Resident>([...places].map((place) => {
    const handle = handleAt(parseInt(place, 16));
    return [place, { handle, node: makeNode(handle), isStarted: false }];
  }));
  const flights: Flight[] = [];
  let now: Millis = 0;
  const feed = (place: string, input: PastryInput): readonly PastryEffect[] => {
    const effects = nodes.get(place)?.node.handle(now, input) ?? [];
    for (const effect of effects) if (effect.type === 'send') flights.push({ from: place, to: effect.to.id.slice(0, 1), message: effect.message });
    return effects;
  };
  const take = (step: string): boolean => {
    const [verb, object, receiver, type] = step.includes('>') ? ['deliver', ...step.replace('> ', '').split(' ')] : step.split(' ');
    const resident = nodes.get(object ?? '');
    if (resident === undefined) return false;
    if (verb === 'start') {
      resident.isStarted = true;
      feed(resident.handle.id.slice(0, 1), { type: 'join', seeds: [handleAt(parseInt(places.slice(0, 1), 16))] });
      return true;
    }
    if (verb === 'alarm') {
      const deadline = resident.node.deadline();
      if (deadline === undefined) return false;
      now = Math.max(now, deadline);
      for (let early = 0; early < EARLY_TICKS_MAX && feed(object ?? '', { type: 'tick' }).length === 0; early++) now = Math.max(now, resident.node.deadline() ?? now);
      return true;
    }
    const at = flights.findIndex(({ from, to, message }) => from === object && to === receiver && message.type === type);
    const [flight] = at < 0 ? [] : flights.splice(at, 1);
    if (flight === undefined) return false;
    feed(flight.to, { type: 'message', from: resident.handle, message: flight.message });
    return true;
  };

  feed(places.slice(0, 1), { type: 'join', seeds: [] });
  const skipped: string[] = [];
  let doubleOwners: string | undefined;
  for (const step of steps) {
    if (!take(step)) skipped.push(step);
    const isDouble = KEYS.some((key) => [...nodes.values()].filter(({ node }) => node.owns(now, key)).length > 1);
    if (isDouble) doubleOwners ??= step;
  }
  return { skipped, doubleOwners };
}

/** Ticks that find nothing due before an alarm counts as fired. */
const EARLY_TICKS_MAX = 8;
