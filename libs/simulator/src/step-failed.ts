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

/** The latest inputs of all machines of a world, overwritten in turn; it allocates nothing per input. */
export class InputMemory<Input> {
  readonly #at = new Float64Array(REMEMBERED_MAX);
  readonly #hosts = new Int32Array(REMEMBERED_MAX);
  readonly #inputs: Input[] = [];
  #next = 0;

  add(at: Millis, host: Host, input: Input): void {
    const place = this.#next;
    this.#at[place] = at;
    this.#hosts[place] = host;
    this.#inputs[place] = input;
    this.#next = (place + 1) % REMEMBERED_MAX;
  }

  /** The last inputs of one host, at most 64, oldest first. */
  of(host: Host): readonly RememberedInput<Input>[] {
    const remembered: RememberedInput<Input>[] = [];
    for (let i = 0; i < this.#inputs.length; i++) {
      const place = this.#inputs.length < REMEMBERED_MAX ? i : (this.#next + i) % REMEMBERED_MAX;
      if (this.#hosts[place] === host) remembered.push({ at: this.#at[place] ?? 0, host, input: this.#inputs[place] as Input });
    }
    return remembered.slice(-TOLD_MAX);
  }
}
