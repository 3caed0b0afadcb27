import type { Id } from '@banyan/ids';
import { describe, expect, it } from 'vitest';
import { nodeId } from '../testing/places.ts';
import { betterParents, type Member, type MoveLimits, type Move } from './better-parents.ts';

/** Nodes on a line, in ms from the root, each with a parent and room for so many more. */
type Line = Readonly<Record<number, { readonly at: number; readonly parent?: number; readonly places?: number; readonly isVoter?: boolean }>>;

function movesIn(line: Line, limits: Partial<MoveLimits> = {}): readonly (readonly [number, number])[] {
  return movesOf(line, limits).map(({ member, better }) => [numberOf(line, member), numberOf(line, better)]);
}

function movesOf(line: Line, limits: Partial<MoveLimits> = {}): readonly Move[] {
  const members: readonly Member[] = Object.entries(line).map(([number, { parent, places = 2, isVoter = false }]) => ({
    id: nodeId(Number(number)),
    parent: parent === undefined ? undefined : nodeId(parent),
    isRoot: parent === undefined,
    isVoter,
    places,
  }));
  const cost = (a: Id, b: Id): number | undefined => {
    const [from, to] = [line[numberOf(line, a)]!.at, line[numberOf(line, b)]!.at];
    return Number.isNaN(from) || Number.isNaN(to) ? undefined : Math.abs(from - to);
  };
  return betterParents(members, cost, { looked: members, movesMax: 4, gainMin: 0.15, gainMsMin: 1, ...limits });
}

function numberOf(line: Line, id: Id): number {
  return Number(Object.keys(line).find((number) => nodeId(Number(number)) === id));
}

describe('better parents', () => {
  it('are those on a cheaper way from the root', () => {
    expect(movesIn({ 1: { at: 0 }, 2: { at: 80, parent: 1 }, 3: { at: 10, parent: 2 } })).toEqual([[3, 1]]);
    expect(movesOf({ 1: { at: 0 }, 2: { at: 80, parent: 1 }, 3: { at: 10, parent: 2 } })[0]?.gain).toBeCloseTo(1 - 10 / 150);
  });

  it('have a place, and are not below the one that moves', () => {
    expect(movesIn({ 1: { at: 0, places: 0 }, 2: { at: 80, parent: 1, places: 0 }, 3: { at: 10, parent: 2 }, 4: { at: 5, parent: 3 } })).toEqual([]);
    expect(movesIn({ 1: { at: 0, places: 1 }, 2: { at: 80, parent: 1 }, 3: { at: 10, parent: 2 }, 4: { at: 12, parent: 2 } })).toEqual([[4, 1]].map(() => [3, 1]).concat([[4, 3]]));
  });

  it('are worth the move: a share of the way and a millisecond', () => {
    expect(movesIn({ 1: { at: 0 }, 2: { at: 50, parent: 1 }, 3: { at: 45, parent: 2 } })).toEqual([[3, 1]]);
    expect(movesIn({ 1: { at: 0 }, 2: { at: 5, parent: 1 }, 3: { at: 100, parent: 2 } }, { gainMin: 0.15 })).toEqual([]);
    expect(movesIn({ 1: { at: 0 }, 2: { at: 0.5, parent: 1 }, 3: { at: 0.1, parent: 2 } })).toEqual([]);
  });

  it('go first to whoever takes most others along', () => {
    const line: Line = { 1: { at: 0, places: 1 }, 2: { at: 80, parent: 1 }, 3: { at: 10, parent: 2, places: 0 }, 4: { at: 14, parent: 2 }, 5: { at: 15, parent: 4 }, 6: { at: 16, parent: 4 } };
    expect(movesIn(line, { movesMax: 1 })).toEqual([[4, 1]]);
  });

  it('are not for voters, nor for those whose distance nobody knows, nor for those who hang nowhere', () => {
    expect(movesIn({ 1: { at: 0 }, 2: { at: 80, parent: 1 }, 3: { at: 10, parent: 2, isVoter: true } })).toEqual([]);
    expect(movesIn({ 1: { at: 0 }, 2: { at: 80, parent: 1 }, 3: { at: Number.NaN, parent: 2 } })).toEqual([]);
    // Two reports of different instants.
    expect(movesIn({ 1: { at: 0 }, 2: { at: 80, parent: 3 }, 3: { at: 10, parent: 2 } })).toEqual([]);
  });

  it('are found in a tree of thousands while one waits', () => {
    const line: Record<number, { at: number; parent?: number }> = { 1: { at: 0 } };
    for (let i = 2; i <= 4_000; i++) line[i] = { at: (i * 7_919) % 1_000, parent: Math.ceil((i - 1) / 3) };
    const members = Object.entries(line).map(([number, { parent }]) => ({ id: nodeId(Number(number)), parent: parent === undefined ? undefined : nodeId(parent), isRoot: parent === undefined, isVoter: false, places: 1 }));
    const at = new Map(Object.entries(line).map(([number, place]) => [nodeId(Number(number)), place.at]));
    let asked = 0;
    const cost = (a: Id, b: Id): number => {
      asked++;
      return Math.abs(at.get(a)! - at.get(b)!);
    };
    expect(betterParents(members, cost, { looked: members.slice(0, 256), movesMax: 4, gainMin: 0.15, gainMsMin: 1 })).toHaveLength(4);
    expect(asked).toBeLessThan(256 * 4 * 400);
  });
});
