import { idToBytes } from '@banyan/ids';
import { describe, expect, it } from 'vitest';
import { nodeId, nodeOf, reportOf } from '../testing/places.ts';
import { LinkPrices, linkPricesSchema } from './link-prices.ts';
import { NodeMap, ON_MAP_MS } from './node-map.ts';

const [A, B] = [nodeId(1), nodeId(2)];
const at = (x: number, error = 100) => ({ x: 100 * x, y: 0, height: 200, error });

function mapOf(prices = new LinkPrices()): NodeMap {
  const map = new NodeMap(prices);
  map.report(reportOf(undefined, { at: at(0) }), { ...nodeOf(A), region: 'eu', zone: 'a' }, 0);
  map.report(reportOf(undefined, { at: at(30) }), { ...nodeOf(B), region: 'us', zone: 'a' }, 0);
  return map;
}

describe('the map of nodes', () => {
  it('predicts a round trip from coordinates and their heights', () => {
    expect(mapOf().costMs(A, B, 1)).toBe(34);
    expect(mapOf().costMs(A, nodeId(3), 1)).toBeUndefined();
  });

  it('believes a measurement rather than a prediction, and keeps it until another comes', () => {
    const map = mapOf();
    map.report(reportOf(undefined, { at: at(0), measured: [{ node: idToBytes(B), roundTripMs: 20 }] }), nodeOf(A), 1);
    map.report(reportOf(undefined, { at: at(0) }), nodeOf(A), 2);
    expect(map.costMs(A, B, 3)).toBe(20);
    expect(map.costMs(B, A, 3)).toBe(20);
  });

  it('says nothing of nodes that do not know where they lie, or were not told of lately', () => {
    const map = mapOf();
    expect(map.costMs(A, B, ON_MAP_MS)).toBeUndefined();
    map.report(reportOf(undefined, { at: at(0, 900) }), nodeOf(A), ON_MAP_MS);
    map.report(reportOf(undefined, { at: at(30) }), nodeOf(B), ON_MAP_MS);
    expect(map.costMs(A, B, ON_MAP_MS)).toBeUndefined();
    expect(map.node(A, ON_MAP_MS)?.controlAddress).toBe('127.0.0.1:1');
  });

  it('adds what the link costs', () => {
    const prices = new LinkPrices(linkPricesSchema.parse({ elsewhere: 2, between: [{ regions: ['us', 'eu'], price: 5 }], msPerUnit: 10 }));
    expect(mapOf(prices).costMs(A, B, 1)).toBe(84);
  });

  it('keeps so many nodes, those told last', () => {
    const map = new NodeMap(new LinkPrices(), 2);
    for (let i = 1; i <= 3; i++) map.report(reportOf(undefined), nodeOf(nodeId(i)), 0);
    expect([1, 2, 3].map((i) => map.node(nodeId(i), 1) !== undefined)).toEqual([false, true, true]);
  });
});

describe('the table of prices', () => {
  it('tells zone from region from elsewhere', () => {
    const prices = new LinkPrices(linkPricesSchema.parse({ sameZone: 1, sameRegion: 2, elsewhere: 3, msPerUnit: 1 }));
    const weigh = (region: string, zone: string): number => prices.weightMs({ region: 'eu', zone: 'a' }, { region, zone });
    expect([weigh('eu', 'a'), weigh('eu', 'b'), weigh('us', 'a')]).toEqual([1, 2, 3]);
  });
});
