import type { NodeHandle } from '@banyan/kbr';
import type { PastryInput, PastryNode } from '@banyan/pastry';
import { assert, digest, type Millis } from '@banyan/sansio';
import { unordered } from './unordered.ts';
import { wordsOf, type MessagesSeen, type Words } from './messages-seen.ts';
import { KEYS, makeNode } from './small-ring.ts';

/** What one input did: the state after it, and the messages it sent. */
export interface Move {
  readonly next: number;
  readonly sent: readonly number[];
  /** When it happened. */
  readonly now: Millis;
}

/** How a state looks at some instant. */
export interface Look {
  readonly words: Words;
  /** The keys that it would deliver, one bit each. */
  readonly keys: number;
}

interface Step {
  readonly now: Millis;
  readonly input: PastryInput;
}

interface State {
  readonly parent: number;
  readonly steps: readonly Step[];
  /** Another way to the same state, for checking that equal digests mean equal machines. */
  twin: { readonly parent: number; readonly steps: readonly Step[] } | undefined;
  readonly deadline: Millis | undefined;
  readonly phase: string;
  readonly leaves: number;
  readonly moves: Map<string, Move>;
  readonly looks: Map<Millis, Look>;
}

/** Machines kept alive for the next input; the others are made again from their inputs. */
const ALIVE_MAX = 2_000;
/** Ticks that find nothing due before an alarm counts as fired. */
const EARLY_TICKS_MAX = 8;
/** A state that was reached in two ways is tried in both, so many times over all. */
const TWINS_TRIED_MAX = 20_000;

/**
 * Every state that one node was ever seen in, by number. A machine cannot be copied, so a state is kept as the inputs that
 * lead to it; what an input does in a state is found out once and remembered. All interleavings of several nodes are made of
 * few states of each, so nearly every step of the search is a look into this memory.
 */
export class NodeStates {
  readonly #self: NodeHandle;
  readonly #index: number;
  readonly #handles: readonly NodeHandle[];
  readonly #messages: MessagesSeen;
  readonly #states: State[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #alive = new Map<number, PastryNode>();
  #twinsTried = 0;
  /** Sentences: two ways led to equal digests and then parted. */
  readonly flaws: string[] = [];

  constructor({ handles, index, messages }: { readonly handles: readonly NodeHandle[]; readonly index: number; readonly messages: MessagesSeen }) {
    const self = handles[index];
    assert(self !== undefined, 'a node is one of all');
    this.#self = self;
    this.#index = index;
    this.#handles = handles;
    this.#messages = messages;
    this.#intern(makeNode(self), { parent: -1, steps: [] });
  }

  get size(): number {
    return this.#states.length;
  }

  deadline(state: number): Millis | undefined {
    return this.#get(state).deadline;
  }

  phase(state: number): string {
    return this.#get(state).phase;
  }

  /** How many leaves it knows. */
  leaves(state: number): number {
    return this.#get(state).leaves;
  }

  join(state: number, now: Millis, seeds: readonly NodeHandle[]): Move {
    return this.#move(state, `j${now}`, [{ now, input: { type: 'join', seeds } }]);
  }

  deliver(state: number, now: Millis, message: number): Move {
    const flight = this.#messages.get(message);
    const from = this.#handles[flight.from];
    assert(from !== undefined && flight.to === this.#index, 'a message reaches the node it was sent to');
    return this.#move(state, `m${now}:${message}`, [{ now, input: { type: 'message', from, message: flight.message } }]);
  }

  /** The earliest alarm of a state, now or when it is due; undefined when it has none. */
  alarm(state: number, now: Millis): Move | undefined {
    const { deadline } = this.#get(state);
    return deadline === undefined ? undefined : this.#move(state, `a${now}`, [{ now: Math.max(now, deadline), input: { type: 'tick' } }]);
  }

  look(state: number, now: Millis): Look {
    const { looks } = this.#get(state);
    const known = looks.get(now);
    if (known !== undefined) return known;
    const machine = this.#alive.get(state) ?? this.#make(state);
    const look = lookAt(machine, now);
    looks.set(now, look);
    return look;
  }

  #move(state: number, key: string, steps: readonly Step[]): Move {
    const { moves, twin } = this.#get(state);
    const known = moves.get(key);
    if (known !== undefined) return known;
    const machine = this.#alive.get(state) ?? this.#make(state);
    this.#alive.delete(state);
    const done = run(machine, steps);
    const move = { next: this.#intern(machine, { parent: state, steps: done.steps }), sent: this.#sent(done.sent), now: done.now };
    moves.set(key, move);
    if (twin !== undefined && this.#twinsTried < TWINS_TRIED_MAX) this.#tryTwin(twin, steps, move);
    return move;
  }

  #tryTwin(twin: { readonly parent: number; readonly steps: readonly Step[] }, steps: readonly Step[], move: Move): void {
    this.#twinsTried += 1;
    const machine = this.#make(twin.parent);
    for (const { now, input } of twin.steps) machine.handle(now, input);
    const done = run(machine, steps);
    const next = this.#numbers.get(digest(unordered(machine.state(0))));
    if (next === move.next && this.#sent(done.sent).join() === move.sent.join() && done.now === move.now) return;
    if (this.flaws.length < 5) this.flaws.push(`two histories of node ${this.#self.id.slice(0, 1)} have one digest and part at ${JSON.stringify(steps)}`);
  }

  #sent(sent: ReturnType<typeof run>['sent']): readonly number[] {
    return sent.map(({ to, message }) => this.#messages.numberOf({ from: this.#index, to: this.#handles.findIndex((handle) => handle.id === to.id), message }));
  }

  #intern(machine: PastryNode, way: { readonly parent: number; readonly steps: readonly Step[] }): number {
    const key = digest(unordered(machine.state(0)));
    const known = this.#numbers.get(key);
    if (known !== undefined) {
      const state = this.#get(known);
      if (known !== way.parent) state.twin ??= way;
      return known;
    }
    const number = this.#states.length;
    this.#numbers.set(key, number);
    this.#states.push({ ...way, twin: undefined, deadline: machine.deadline(), phase: phaseOf(machine), leaves: machine.sizes().leaves, moves: new Map(), looks: new Map() });
    this.#alive.set(number, machine);
    if (this.#alive.size > ALIVE_MAX) for (const oldest of this.#alive.keys()) {
      this.#alive.delete(oldest);
      break;
    }
    return number;
  }

  #make(state: number): PastryNode {
    const ways: (readonly Step[])[] = [];
    for (let at = state; at > 0; at = this.#get(at).parent) ways.push(this.#get(at).steps);
    const machine = makeNode(this.#self);
    for (const steps of ways.reverse()) for (const { now, input } of steps) machine.handle(now, input);
    return machine;
  }

  #get(state: number): State {
    const found = this.#states[state];
    assert(found !== undefined, `node state ${state} is known`);
    return found;
  }
}

interface Done {
  readonly steps: readonly Step[];
  readonly sent: readonly { readonly to: NodeHandle; readonly message: Parameters<MessagesSeen['numberOf']>[0]['message'] }[];
  readonly now: Millis;
}

// A deadline may be early after something was answered: such a tick does nothing, and the alarm meant is the next one.
function run(machine: PastryNode, [first]: readonly Step[]): Done {
  assert(first !== undefined, 'something is done');
  const steps: Step[] = [];
  for (let step = first; ; ) {
    const before = step.input.type === 'tick' ? digest(machine.state(0)) : undefined;
    const effects = machine.handle(step.now, step.input);
    steps.push(step);
    const deadline = machine.deadline();
    if (effects.length === 0 && deadline !== undefined && before === digest(machine.state(0)) && steps.length < EARLY_TICKS_MAX) {
      step = { now: Math.max(step.now, deadline), input: step.input };
      continue;
    }
    return { steps, sent: effects.flatMap((effect) => (effect.type === 'send' ? [{ to: effect.to, message: effect.message }] : [])), now: step.now };
  }
}

function lookAt(machine: PastryNode, now: Millis): Look {
  let keys = 0;
  KEYS.forEach((key, bit) => {
    if (machine.owns(now, key)) keys |= 1 << bit;
  });
  return { words: wordsOf(unordered(machine.state(now))), keys };
}

function phaseOf(machine: PastryNode): string {
  return (machine.state(0) as { readonly phase: string }).phase;
}
