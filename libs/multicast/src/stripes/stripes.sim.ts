import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { chaos } from '../testing/weather.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 1);
const FIRST = Number(process.env['SEED'] ?? 1);

const GROUPS = [
  { delivery: 'reliable', stripes: 3 },
  { delivery: 'ordered', stripes: 3 },
  { delivery: 'reliable', stripes: 4, parity: true },
] as const;

describe.each(GROUPS)('a striped $delivery group (parity: $parity) through crashes, restarts, pauses, broken links and loss', (group) => {
  it('keeps every promise of its main tree and its stripes', () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const scene = chaos(seed, { descriptor: { retentionBytes: 16 * 1_048_576, ...group } });
      const told = `seed ${seed}`;
      assert.deepEqual(scene.wrong, [], told);
      assert.equal(scene.unsettled(), undefined, told);
      assert.equal(scene.unreceipted(), undefined, told);
      assert.equal(scene.oracle.unfinished(), undefined, told);
      assert.deepEqual(scene.ring.faults, [], told);
    }
  });
});
