import { describe, expect, it } from 'vitest';
import type { PlaceView } from '../contract.ts';
import { lagBehind, layOut } from './tree-layout.ts';

const place = (id: string, parent?: string, more: Partial<PlaceView> = {}): PlaceView => ({
  ...{ id, region: '', role: parent === undefined ? 'root' : 'leaf', subscriptions: 1, isVoter: false, isHeld: true, next: '10', committed: '9' },
  ...(parent === undefined ? {} : { parent }),
  ...more,
});
const shown = (places: readonly PlaceView[]) => Object.fromEntries(layOut(places).map(({ place: { id }, column, depth, isAttached }) => [id, [column, depth, isAttached]]));

describe('a tree', () => {
  it('has a parent above the middle of its children', () => {
    expect(shown([place('r'), place('a', 'r'), place('b', 'r'), place('c', 'a'), place('d', 'a')])).toEqual({ r: [1.25, 0, true], a: [0.5, 1, true], b: [2, 1, true], c: [0, 2, true], d: [1, 2, true] });
  });

  it('shows who hangs on nobody, and all below', () => {
    const attached = shown([place('r'), place('a', 'dead'), place('b', 'a'), place('c', 'r', { isHeld: false })]);
    expect([attached['a']?.[2], attached['b']?.[2], attached['c']?.[2]]).toEqual([false, false, false]);
  });

  it('shows the root of an epoch that is over beside the tree', () => {
    expect(shown([place('r'), place('old', undefined, { isHeld: false })])['old']).toEqual([1, 1, false]);
  });

  it('ends, and shows everyone once, when reports form a circle', () => {
    const placed = layOut([place('r'), place('a', 'b'), place('b', 'a')]);
    expect(placed.map(({ place: { id } }) => id).sort()).toEqual(['a', 'b', 'r']);
  });

  it('counts what a child lacks, and nothing when it is ahead of an older report', () => {
    expect(lagBehind(place('r'), place('a', 'r', { next: '7' }))).toBe(3n);
    expect(lagBehind(place('r'), place('a', 'r', { next: '12' }))).toBe(0n);
  });
});
