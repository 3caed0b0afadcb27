import { NOWHERE } from '@banyan/kbr';
import { seededRng } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import { Coordinates, distanceMs } from './coordinates.ts';

interface Place {
  readonly x: number;
  readonly y: number;
  readonly accessMs: number;
}

// Nodes on a plane of 100 ms with up to 20 ms from each to the network; each measures others at random.
function settle(rounds: number) {
  const rng = seededRng(5);
  const places: Place[] = Array.from({ length: 80 }, () => ({ x: 100 * rng.next(), y: 100 * rng.next(), accessMs: 20 * rng.next() }));
  const between = (a: Place, b: Place): number => Math.hypot(a.x - b.x, a.y - b.y) + a.accessMs + b.accessMs;
  const nodes = places.map(() => new Coordinates(rng.fork()));
  const measure = (node: Coordinates, at: Place): void => {
    const other = rng.below(nodes.length);
    if (places[other] !== at) node.sample(nodes[other]!.own, between(at, places[other]!));
  };
  for (let round = 0; round < rounds; round++) nodes.forEach((node, i) => measure(node, places[i]!));
  const errors = (node: Coordinates, at: Place): number[] =>
    nodes.flatMap((other, j) => (places[j] === at ? [] : [Math.abs(distanceMs(node.own, other.own) - between(at, places[j]!)) / between(at, places[j]!)]));
  return { nodes, places, errors, measure };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

describe('Dabek et al. 2004: Vivaldi', () => {
  it('predicts round-trip times within the published median of 11 %', () => {
    const { errors, nodes, places } = settle(100);
    expect(median(nodes.flatMap((node, i) => errors(node, places[i]!)))).toBeLessThan(0.11);
  });

  it('a newcomer among settled nodes knows its place after a few dozen samples', () => {
    const { errors, measure } = settle(100);
    const at: Place = { x: 90, y: 5, accessMs: 3 };
    const newcomer = new Coordinates(seededRng(9));
    for (let i = 0; i < 40; i++) measure(newcomer, at);
    expect(newcomer.own.error).toBeLessThan(300);
    expect(median(errors(newcomer, at))).toBeLessThan(0.2);
  });

  it('weighs by error: who does not know its place moves nobody who does', () => {
    const { nodes } = settle(100);
    const before = nodes[3]!.own;
    nodes[3]!.sample({ x: 50_000, y: 50_000, height: 0, error: 990 }, 60);
    expect(Math.hypot(nodes[3]!.own.x - before.x, nodes[3]!.own.y - before.y)).toBeLessThan(150);
  });

  it('does not believe impossible places, and is not moved far off by one wild sample', () => {
    const { nodes } = settle(100);
    const before = nodes[4]!.own;
    for (const place of [{ x: NaN, y: 0, height: 0, error: 10 }, { x: 2_000_000, y: 0, height: 0, error: 10 }, NOWHERE]) nodes[4]!.sample(place, 50);
    expect(nodes[4]!.own).toBe(before);
    nodes[4]!.sample({ x: 900_000, y: 0, height: 0, error: 0 }, 20);
    expect([nodes[4]!.own.x, nodes[4]!.own.y]).toEqual([before.x, before.y]);
    expect(nodes[4]!.own.error).toBeGreaterThan(before.error);
  });

  it('predicts nothing before it knows its place', () => {
    const fresh = new Coordinates(seededRng(1));
    expect(fresh.predictMs({ x: 1, y: 1, height: 1, error: 20 })).toBeUndefined();
    expect(settle(100).nodes[0]!.predictMs(NOWHERE)).toBeUndefined();
  });
});
