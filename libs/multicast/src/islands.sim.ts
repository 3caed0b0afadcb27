import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { complaintsOf, islands } from './testing/islands.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 1);
const FIRST = Number(process.env['SEED'] ?? 1);
const APART_S = Number(process.env['APART_S'] ?? 15);
const GROUPS = Number(process.env['GROUPS'] ?? 2);

describe.each([
  ['falls in two', false],
  ['loses one direction between its halves', true],
])('groups of all classes on a ring that %s', (_what, oneWay) => {
  it('are one tree each after it heals, and nothing they promised is broken', () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const scenes = islands({ seed, nodes: 14, groups: GROUPS, apartMs: APART_S * 1_000, oneWay });
      assert.deepEqual(complaintsOf(scenes), [], `seed ${seed}`);
      assert.deepEqual(scenes[0]?.ring.faults, [], `seed ${seed}`);
    }
  });
});

describe('an island that once went wrong', () => {
  it('one direction lost, seed 3: a root cut off from its successor invited it for ever, and was never told that it is over', () => {
    assert.deepEqual(complaintsOf(islands({ seed: 3, nodes: 14, groups: 2, apartMs: 15_000, oneWay: true })), []);
  });
});
