import { compareClockwise, randomId, type Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import { seededRng, type Rng } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import { lackedBy, lackedHeads, outlineOf } from './leaf-outline.ts';
import { headOf, LeafSet } from './leaf-set.ts';
import { handleOf, randomNodes } from './testing/nodes.ts';

const SIZE = 16;
const HALF = SIZE / 2;

function leafSetOf(self: Id, nodes: Iterable<NodeHandle>): LeafSet {
  const leafSet = new LeafSet(self, SIZE);
  for (const node of nodes) leafSet.insert(node);
  return leafSet;
}

/** A ring, two nodes of it that lie `apart` places from each other, and leaf sets that each miss some. */
function pair(rng: Rng, { nodes, apart, missed }: { readonly nodes: number; readonly apart: number; readonly missed: number }) {
  const ring = randomNodes(rng, nodes);
  const [asker, asked] = [ring[0]!, ring[apart]!];
  const setOf = (self: NodeHandle, other: NodeHandle): LeafSet => {
    const others = ring.filter((node) => node !== self);
    const full = leafSetOf(self.id, others);
    for (const leaf of rng.shuffle(full.members.filter(({ id }) => id !== other.id)).slice(0, missed)) full.remove(leaf.id);
    return full;
  };
  return { ring, asker, asked, askers: setOf(asker, asked), askeds: setOf(asked, asker) };
}

// Castro, Costa, Rowstron 2004, §3.1: a leaf-set probe carries the whole leaf set; here only what tells it apart.
describe('leaf sets told by outlines', () => {
  it('need nothing told when they agree, wherever the two lie', () => {
    const rng = seededRng(1);
    for (let apart = 1; apart <= HALF; apart++) {
      const { asker, asked, askers, askeds } = pair(rng, { nodes: 60, apart, missed: 0 });
      const outline = outlineOf(askers, HALF, asked.id);
      expect(lackedBy(asker.id, outline, askeds)).toEqual([]);
      expect(lackedHeads(outline, askeds)).toEqual([]);
    }
  });

  it('tell every leaf between the two that the asker lacks, and no more beyond than it has room for', () => {
    const rng = seededRng(2);
    for (let round = 0; round < 300; round++) {
      const { asker, asked, askers, askeds } = pair(rng, { nodes: 40 + rng.below(40), apart: 1 + rng.below(HALF), missed: rng.below(5) });
      const told = lackedBy(asker.id, outlineOf(askers, HALF, asked.id), askeds);
      expect(told.filter(({ id }) => !askers.admits(id)).length).toBeLessThanOrEqual(SIZE - askers.size);
      for (const { id } of told) expect(askers.has(id)).toBe(false);
      const between = askeds.members.filter(({ id }) => compareClockwise(asker.id, id, asked.id) < 0 && !askers.has(id) && id !== asker.id);
      for (const leaf of between) expect(told).toContain(leaf);
    }
  });

  it('ask for what the asker has and the other lacks, by where it lies', () => {
    const rng = seededRng(3);
    const { asked, askers, askeds, ring } = pair(rng, { nodes: 60, apart: 3, missed: 0 });
    const gone = ring[2]!;
    askeds.remove(gone.id);
    expect(lackedHeads(outlineOf(askers, HALF, asked.id), askeds)).toContain(headOf(gone.id));
  });

  it('are cut to what the reader can know: to the farthest leaf only the half on its side is told', () => {
    const rng = seededRng(4);
    const { askers } = pair(rng, { nodes: 60, apart: 1, missed: 0 });
    const farthest = outlineOf(askers, HALF, askers.farthestRight!.id);
    expect([farthest.above, farthest.heads.length]).toEqual([HALF, HALF + 1]);
    const next = outlineOf(askers, HALF, askers.right!.id);
    expect(next.heads).toHaveLength(SIZE);
    const below = outlineOf(askers, HALF, askers.farthestLeft!.id);
    expect(below.heads.length - below.above).toBe(HALF);
  });

  it('of a ring that fits in whole tell all of it', () => {
    const rng = seededRng(5);
    const ring = randomNodes(rng, 9);
    const askers = leafSetOf(ring[0]!.id, ring.slice(1, 3));
    const askeds = leafSetOf(ring[5]!.id, ring.filter((node) => node !== ring[5]));
    const told = lackedBy(askers.self, outlineOf(askers, HALF, ring[5]!.id), askeds);
    expect(new Set(told)).toEqual(new Set(ring.filter((node) => ![ring[0], ring[1], ring[2], ring[5]].includes(node))));
  });

  it('take a node for one that they name when its head is the same: it is told another time', () => {
    const self = randomId(seededRng(6));
    const one = handleOf(randomId(seededRng(7)));
    const twin = handleOf((one.id.slice(0, 12) + 'f'.repeat(20)) as Id);
    const outline = outlineOf(leafSetOf(self, [one]), HALF, one.id);
    expect(lackedBy(self, outline, leafSetOf(one.id, [twin]))).toEqual([]);
    expect(compareClockwise(self, one.id, twin.id)).not.toBe(0);
  });
});
