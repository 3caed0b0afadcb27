import { describe, expect, it } from 'vitest';
import { LeafSet } from './leaf-set.ts';
import { Leases } from './leases.ts';
import { handleOf, idOf } from './testing/nodes.ts';

const self = idOf('50');
const [left, right, farther, gone] = [handleOf(idOf('40')), handleOf(idOf('60')), handleOf(idOf('70')), handleOf(idOf('58'))];
const leafSet = new LeafSet(self, 8, [right, farther, left]);
const keyOfGone = idOf('57');
const from = (holder: typeof gone, forMs: number, own = false) => ({ id: holder.id, incarnation: holder.incarnation, forMs, own });

describe('a lease that was issued', () => {
  it('keeps the keys of its holder from the issuer until it has run out, and a little longer for the holder may have a slow clock', () => {
    const leases = new Leases();
    leases.issue(0, gone, 10_000);
    expect(leases.blocks(10_000, keyOfGone, leafSet)).toBe(true);
    expect(leases.blocks(10_300, keyOfGone, leafSet)).toBe(false);
    expect(leases.blocks(0, idOf('51'), leafSet)).toBe(false);
  });

  it('is over when its holder gives it back', () => {
    const leases = new Leases();
    leases.issue(0, gone, 10_000);
    leases.release(gone.id);
    expect(leases.blocks(1, keyOfGone, leafSet)).toBe(false);
  });

  it('is told of while it runs, to all but its holder', () => {
    const leases = new Leases();
    for (const holder of [left, right, farther, gone]) leases.issue(0, holder, 10_000);
    expect(leases.running(0, leafSet, left.id).map(({ id }) => id)).toEqual([right.id, farther.id, gone.id]);
    expect(leases.running(11_000, leafSet, left.id)).toEqual([]);
  });
});

describe('a lease that another issued', () => {
  it('hides a ring neighbor while it runs and its holder, between us and a leaf, is neither a leaf nor believed to be dead', () => {
    const hides = (holder: typeof gone, isOver: (life: { readonly id: string }) => boolean = () => false, now = 0): boolean => {
      const leases = new Leases();
      leases.adopt(0, from(holder, 5_000), left.id, leafSet);
      return leases.hidesNeighbor(now, leafSet, isOver);
    };
    expect([hides(gone), hides(handleOf(idOf('48'))), hides(right), hides(handleOf(idOf('65')))]).toEqual([true, true, false, false]);
    expect([hides(gone, ({ id }) => id === gone.id), hides(gone, undefined, 5_000)]).toEqual([false, false]);
  });

  it('binds who was told of it, and is told on only where its holder is no leaf', () => {
    const leases = new Leases();
    leases.adopt(0, from(gone, 5_000), left.id, leafSet);
    leases.adopt(0, from(farther, 5_000), left.id, leafSet);
    expect(leases.blocks(4_000, keyOfGone, leafSet)).toBe(true);
    expect(leases.running(4_000, leafSet, left.id)).toEqual([from(gone, 1_000)]);
  });

  it('is not prolonged by being told again while it runs, so two who tell each other come to an end', () => {
    const leases = new Leases();
    leases.adopt(0, from(gone, 5_000), left.id, leafSet);
    leases.adopt(4_000, from(gone, 5_000), left.id, leafSet);
    expect(leases.blocks(5_001, keyOfGone, leafSet)).toBe(false);
  });

  it('keeps from us all that its holder may deliver, where we came between it and the issuer, for it may not know of us', () => {
    const blocked = (keys: readonly string[], issuer: typeof gone, { own = true, leaves = leafSet } = {}): readonly string[] => {
      const leases = new Leases();
      leases.adopt(0, from(gone, 5_000, own), issuer.id, leafSet);
      return keys.filter((key) => leases.blocks(4_000, idOf(key), leaves));
    };
    // The holder at 58 and the issuer at 40 divided what lies between at 4c; the issuer at 60 is on the holder's other side.
    const keys = ['3f', '4b', '4d', '50', '53', '55'];
    expect(blocked(keys, left)).toEqual(['4d', '50', '53', '55']);
    expect(blocked(keys, right)).toEqual(['55']);
    expect(blocked(keys, left, { own: false })).toEqual(['55']);
    // Who has had a later lease of ours than that of the other knows us.
    const known = new Leases();
    known.issue(0, gone, 8_000);
    known.adopt(0, from(gone, 5_000, true), left.id, leafSet);
    expect(known.blocks(4_000, idOf('4d'), leafSet)).toBe(false);
    // Beyond the leaves it may well be alive, and know those that came between.
    const nearer = new LeafSet(self, 2, [handleOf(idOf('52')), handleOf(idOf('4f'))]);
    expect(blocked(keys, left, { leaves: nearer })).toEqual(['55']);
  });

  it('does not make us forget that we granted one, too, of which our word counts', () => {
    const leases = new Leases();
    leases.issue(0, gone, 4_000);
    leases.adopt(0, from(gone, 9_000), left.id, leafSet);
    expect(leases.running(1_000, leafSet, left.id)).toEqual([from(gone, 3_100, true), from(gone, 8_000)]);
  });

  it('is prolonged by the word of its issuer', () => {
    const leases = new Leases();
    leases.adopt(0, from(gone, 5_000), left.id, leafSet);
    leases.adopt(1_000, from(gone, 8_000, true), left.id, leafSet);
    expect([8_500, 9_001].map((now) => leases.blocks(now, keyOfGone, leafSet))).toEqual([true, false]);
  });

  it('is prolonged where its holder is a leaf, and binds once it is none', () => {
    const leases = new Leases();
    leases.adopt(0, from(farther, 5_000), left.id, leafSet);
    leases.adopt(4_000, from(farther, 5_000), left.id, leafSet);
    expect(leases.blocks(8_000, farther.id, leafSet)).toBe(false);
    expect(leases.blocks(8_000, farther.id, new LeafSet(self, 8, [right, left]))).toBe(true);
  });

  it('counts also where we have promised for a shorter time ourselves', () => {
    const leases = new Leases();
    leases.issue(0, gone, 1_000);
    leases.adopt(0, from(gone, 5_000), left.id, leafSet);
    expect(leases.blocks(4_000, keyOfGone, leafSet)).toBe(true);
  });

  it('does not count for an earlier life than we know', () => {
    const leases = new Leases();
    leases.issue(0, handleOf(gone.id, 2), 1_000);
    leases.adopt(0, from(gone, 5_000), left.id, leafSet);
    expect(leases.blocks(4_000, keyOfGone, leafSet)).toBe(false);
  });
});
