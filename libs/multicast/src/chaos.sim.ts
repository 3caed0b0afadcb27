import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { chaos } from './testing/weather.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 4);
const FIRST = Number(process.env['SEED'] ?? 1);

describe('a reliable group through crashes, restarts, pauses, broken links and loss', () => {
  it('keeps every promise', () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const scene = chaos(seed);
      const told = `seed ${seed}`;
      assert.deepEqual(scene.wrong, [], told);
      assert.equal(scene.unsettled(), undefined, told);
      assert.equal(scene.unreceipted(), undefined, told);
      assert.equal(scene.oracle.unfinished(), undefined, told);
      assert.deepEqual(scene.ring.faults, [], told);
    }
  });

  it('is a function of its seed', () => {
    const [one, two] = [chaos(3, { nodes: 8 }), chaos(3, { nodes: 8 })];
    assert.deepEqual(one.events, two.events);
    assert.equal(one.ring.inputs, two.ring.inputs);
  });
});
