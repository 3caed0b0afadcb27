import type { Millis } from '@banyan/sansio';
import type { Host } from './topology.ts';

/** One input of one machine, as the world remembers it. */
export interface RememberedInput<Input> {
  readonly at: Millis;
  readonly host: Host;
  readonly input: Input;
}

/** A machine broke one of its own truths: which host, when, and what it had been told before, oldest first. */
export class StepFailed<Input = unknown> extends Error {
  override readonly name = 'StepFailed';
  readonly host: Host;
  readonly at: Millis;
  readonly inputs: readonly RememberedInput<Input>[];

  constructor({ host, at, inputs, cause }: { readonly host: Host; readonly at: Millis; readonly inputs: readonly RememberedInput<Input>[]; readonly cause: unknown }) {
    super(`host ${host} at ${at} ms: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.host = host;
    this.at = at;
    this.inputs = inputs;
  }
}

const REMEMBERED_MAX = 4_096;
const TOLD_MAX = 64;

/** The latest inputs of all machines of a world, overwritten in turn. */
export class InputMemory<Input> {
  readonly #ring: RememberedInput<Input>[] = [];
  #next = 0;

  add(remembered: RememberedInput<Input>): void {
    this.#ring[this.#next] = remembered;
    this.#next = (this.#next + 1) % REMEMBERED_MAX;
  }

  /** The last inputs of one host, at most 64, oldest first. */
  of(host: Host): readonly RememberedInput<Input>[] {
    const inOrder = [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
    return inOrder.filter((remembered) => remembered.host === host).slice(-TOLD_MAX);
  }
}
