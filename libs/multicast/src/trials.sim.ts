import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { complaintsOf } from './testing/islands.ts';
import { trials } from './testing/trials.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 1);
const FIRST = Number(process.env['SEED'] ?? 1);

describe('groups of all classes through long pauses, clogged and swallowing links, and nodes that leave', () => {
  it('keep every promise', () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const scenes = trials(seed);
      assert.deepEqual(complaintsOf(scenes), [], `seed ${seed}`);
      assert.deepEqual(scenes[0]?.ring.faults, [], `seed ${seed}`);
    }
  });
});
