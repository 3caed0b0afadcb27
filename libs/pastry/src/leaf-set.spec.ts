import { compareDistance, type Id } from '@banyan/ids';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeafSet } from './leaf-set.ts';
import { arbitraryId, handleOf, idOf, stepsUp } from './testing/nodes.ts';

const SIZE = 6;

// The leaf set by its definition: the |L|/2 next above and the |L|/2 next below, of all nodes known.
function expectedLeaves(self: Id, known: readonly Id[]): Set<Id> {
  const others = [...new Set(known)].filter((id) => id !== self).sort((a, b) => (stepsUp(self, a) < stepsUp(self, b) ? -1 : 1));
  return new Set([...others.slice(0, SIZE / 2), ...others.slice(-SIZE / 2)]);
}

function fill(self: Id, ids: readonly Id[]): LeafSet {
  const leafSet = new LeafSet(self, SIZE);
  for (const id of ids) leafSet.insert(handleOf(id));
  return leafSet;
}

const ids = fc.array(arbitraryId, { maxLength: 25 });

describe('a leaf set', () => {
  it('holds the next nodes above and below of all it was shown, whatever the order', () => {
    fc.assert(
      fc.property(arbitraryId, ids, (self, known) => {
        expect(new Set(fill(self, known).members.map((leaf) => leaf.id))).toEqual(expectedLeaves(self, known));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('says who came and who had to go', () => {
    fc.assert(
      fc.property(arbitraryId, ids, (self, known) => {
        const leafSet = new LeafSet(self, SIZE);
        const model = new Set<Id>();
        for (const id of known) {
          const admitted = leafSet.admits(id);
          const { gained, lost } = leafSet.insert(handleOf(id));
          expect(gained !== undefined).toBe(admitted);
          if (lost !== undefined) model.delete(lost.id);
          if (gained !== undefined) model.add(gained.id);
          expect(new Set(leafSet.members.map((leaf) => leaf.id))).toEqual(model);
        }
      }),
      { seed: 2 },
    );
  });

  it('finds the closest leaf like a search through all', () => {
    fc.assert(
      fc.property(arbitraryId, ids, arbitraryId, fc.boolean(), (self, known, key, leaveOut) => {
        const leafSet = fill(self, known);
        const except = leaveOut ? leafSet.right?.id : undefined;
        const candidates = [self, ...leafSet.members.map((leaf) => leaf.id).filter((id) => id !== except)];
        const best = candidates.reduce((a, b) => (compareDistance(key, b, a) < 0 ? b : a));
        // Leaves are consecutive around self, so this holds within their reach.
        if (leafSet.covers(key, !leafSet.isFull)) expect(leafSet.closest(key, except)?.id ?? self).toBe(best);
      }),
      { seed: 3, numRuns: 1_000 },
    );
  });

  it('covers the keys between its farthest leaves, and no others', () => {
    fc.assert(
      fc.property(arbitraryId, fc.array(arbitraryId, { minLength: 12, maxLength: 25 }), arbitraryId, (self, known, key) => {
        const leafSet = fill(self, known);
        fc.pre(leafSet.isFull);
        const [left, right] = [leafSet.farthestLeft!.id, leafSet.farthestRight!.id];
        const within = stepsUp(self, key) <= stepsUp(self, right) || stepsUp(key, self) <= stepsUp(left, self);
        expect(leafSet.covers(key, false)).toBe(within);
      }),
      { seed: 4, numRuns: 500 },
    );
  });

  it('replaces a leaf by its newer life only', () => {
    const leafSet = new LeafSet(idOf('80'), SIZE);
    leafSet.insert(handleOf(idOf('90'), 2));
    expect(leafSet.insert(handleOf(idOf('90'), 1))).toEqual({ gained: undefined, lost: undefined });
    expect(leafSet.insert(handleOf(idOf('90'), 3))).toMatchObject({ gained: { incarnation: 3 }, lost: { incarnation: 2 } });
    expect(leafSet.size).toBe(1);
  });

  it('knows its two ring neighbors, one node being both in a ring of two', () => {
    const leafSet = new LeafSet(idOf('80'), SIZE);
    expect([leafSet.left, leafSet.right]).toEqual([undefined, undefined]);
    leafSet.insert(handleOf(idOf('a0')));
    expect([leafSet.left?.id, leafSet.right?.id]).toEqual([idOf('a0'), idOf('a0')]);
    leafSet.insert(handleOf(idOf('70')));
    leafSet.insert(handleOf(idOf('00')));
    expect([leafSet.left?.id, leafSet.right?.id]).toEqual([idOf('70'), idOf('a0')]);
    expect(leafSet.isNeighbor(idOf('00'))).toBe(false);
  });

  it('that lost members covers only as far as it reaches on each side', () => {
    const leafSet = new LeafSet(idOf('80'), SIZE);
    leafSet.insert(handleOf(idOf('88')));
    leafSet.insert(handleOf(idOf('70')));
    expect(leafSet.covers(idOf('86'), false)).toBe(true);
    expect(leafSet.covers(idOf('72'), false)).toBe(true);
    expect(leafSet.covers(idOf('8a'), false)).toBe(false);
    expect(leafSet.covers(idOf('10'), false)).toBe(false);
    expect(leafSet.covers(idOf('10'), true)).toBe(true);
  });

  it('that lost members fills a hole from its own side of the ring only, until it is the whole ring', () => {
    const around = ['90', 'a0', 'b0', '70', '60', '50'].map(idOf);
    const leafSet = fill(idOf('80'), around);
    leafSet.remove(idOf('60'));
    expect(leafSet.admits(idOf('c0'))).toBe(false);
    expect(leafSet.admits(idOf('20'))).toBe(true);
    expect(leafSet.insert(handleOf(idOf('98')))).toMatchObject({ gained: { id: idOf('98') }, lost: { id: idOf('b0') } });
    leafSet.becomeWholeRing();
    expect(leafSet.admits(idOf('c0'))).toBe(true);
  });

  it('forgets a node that is taken out', () => {
    const leafSet = fill(idOf('80'), [idOf('90'), idOf('a0')]);
    expect(leafSet.remove(idOf('90'))?.id).toBe(idOf('90'));
    expect(leafSet.remove(idOf('90'))).toBeUndefined();
    expect(leafSet.members.map((leaf) => leaf.id)).toEqual([idOf('a0')]);
  });
});
