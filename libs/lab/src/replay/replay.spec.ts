import { randomId } from '@banyan/ids';
import { parseRecording, recordingHeaderLine, recordingStepLine, type Recording } from '@banyan/overlay';
import { seededRng, type Json, type Machine, type Millis } from '@banyan/sansio';
import { assert, expect, it } from 'vitest';
import { replay } from './replay.ts';

/** Answers every number with its sum so far, plus chance from its seed. */
class Adder implements Machine<unknown, unknown> {
  readonly #rng;
  #sum = 0;

  constructor(seed: number) {
    this.#rng = seededRng(seed);
  }

  handle(now: Millis, input: unknown): readonly unknown[] {
    this.#sum += (input as { readonly add: number }).add;
    return [{ sum: this.#sum, at: now, bytes: Uint8Array.of(this.#rng.below(256)) }];
  }

  deadline(): undefined {
    return undefined;
  }

  state(): Json {
    return this.#sum;
  }
}

function record(seed: number, steps: number): Recording {
  const machine = new Adder(seed);
  const handle = { id: randomId(seededRng(1)), incarnation: 1, controlAddress: '', dataAddress: '', region: '', zone: '', capacity: 1 };
  const lines = [recordingHeaderLine({ version: 1, kind: 'adder', seed, config: {}, self: handle })];
  for (let step = 1; step <= steps; step++) {
    const input = { add: step };
    lines.push(recordingStepLine({ now: step * 10, input, effects: machine.handle(step * 10, input) }));
  }
  const recording = parseRecording(`${lines.join('\n')}\n`);
  assert('steps' in recording);
  return recording;
}

it('gives the same effects from the same seed', () => {
  expect(replay(record(3, 50), new Adder(3))).toEqual({ steps: 50, differsAt: undefined, effects: [] });
});

it('tells the first step that differs and what came out there', () => {
  const verdict = replay(record(3, 50), new Adder(4));
  expect(verdict.differsAt).toBe(1);
  expect(verdict.effects[0]).toContain('"sum":1');
});
