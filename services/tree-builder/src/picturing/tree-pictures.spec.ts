import { beforeEach, describe, expect, it } from 'vitest';
import { groupKey } from '@banyan/identity';
import { multicast } from '@banyan/proto';
import { nodeId, nodeOf, placeOf } from '../testing/places.ts';
import { PLACE_LIFETIME_MS, TreePictures } from './tree-pictures.ts';

const NEWS = groupKey('ann/news');
let pictures: TreePictures;

beforeEach(() => {
  pictures = new TreePictures(5);
});

describe('a picture', () => {
  it('has the root first, then forwarders, then leaves', () => {
    tell(1, { role: multicast.Role.LEAF });
    tell(2, { role: multicast.Role.FORWARDER });
    tell(3, { role: multicast.Role.ROOT });
    expect(nodesAt(0)).toEqual([3, 2, 1]);
    expect(pictures.count(NEWS, 0)).toEqual({ nodes: 3, subscribers: 3 });
  });

  it('names parents and children by id only, and the node itself with its addresses', () => {
    tell(2, { parent: nodeOf(nodeId(1)), children: [nodeOf(nodeId(3))] });
    expect(pictures.picture(NEWS, 0)).toMatchObject([
      { node: nodeOf(nodeId(2)), parent: { id: nodeOf(nodeId(1)).id, controlAddress: '', apiAddress: '' }, children: [{ id: nodeOf(nodeId(3)).id, dataAddress: '' }] },
    ]);
  });

  it('forgets a place that is not told again', () => {
    tell(1, {}, 0);
    tell(2, {}, 20_000);
    expect(nodesAt(PLACE_LIFETIME_MS - 1)).toEqual([1, 2]);
    expect(nodesAt(PLACE_LIFETIME_MS)).toEqual([2]);
    expect(pictures.count(NEWS, 60_000)).toEqual({ nodes: 0, subscribers: 0 });
  });

  it('loses a node that says it left', () => {
    tell(1);
    pictures.report({ node: nodeOf(nodeId(1)), places: [], left: [NEWS] }, 1);
    expect(nodesAt(1)).toEqual([]);
  });

  it('does not go back to an earlier life of a node', () => {
    pictures.report({ node: nodeOf(nodeId(1), 2n), places: [placeOf({ subscribers: 9 })], left: [] }, 0);
    pictures.report({ node: nodeOf(nodeId(1), 1n), places: [placeOf({ subscribers: 1 })], left: [] }, 1);
    expect(pictures.count(NEWS, 1).subscribers).toBe(9);
  });

  it('has one root, of the latest epoch, whoever told last', () => {
    tell(1, { role: multicast.Role.ROOT, epoch: 3n });
    tell(2, { role: multicast.Role.ROOT, epoch: 4n });
    expect(nodesAt(0)).toEqual([2]);
    tell(1, { role: multicast.Role.ROOT, epoch: 3n }, 1);
    expect(nodesAt(1)).toEqual([2]);
    tell(1, { role: multicast.Role.LEAF, epoch: 4n }, 2);
    expect(nodesAt(2)).toEqual([2, 1]);
  });

  it('leaves out places without a proper group', () => {
    pictures.report({ node: nodeOf(nodeId(1)), places: [placeOf({ group: '' }), placeOf({ group: '../x' })], left: [] }, 0);
    expect(nodesAt(0)).toEqual([]);
  });

  it('keeps so many places and drops the one told longest ago', () => {
    for (let i = 1; i <= 5; i++) tell(i, {}, i);
    tell(1, {}, 6);
    tell(6, {}, 7);
    expect(nodesAt(7)).toEqual([1, 3, 4, 5, 6]);
  });
});

describe('a watcher', () => {
  it('hears of news, leaving and expiry, not of the same told again', () => {
    let heard = 0;
    const unwatch = pictures.watch(NEWS, () => heard++);
    tell(1, {}, 0);
    tell(1, {}, 1);
    expect(heard).toBe(1);
    tell(1, { next: 7n }, 2);
    expect(heard).toBe(2);
    pictures.report({ node: nodeOf(nodeId(9)), places: [placeOf({ group: 'ann/other' })], left: [] }, 3);
    expect(heard).toBe(2);
    pictures.expire(PLACE_LIFETIME_MS + 2);
    expect(heard).toBe(3);
    unwatch();
    tell(1, {}, 60_000);
    expect(heard).toBe(3);
  });
});

function tell(number: number, change: Partial<multicast.Place> = {}, now = 0): void {
  pictures.report({ node: nodeOf(nodeId(number)), places: [placeOf(change)], left: [] }, now);
}

function nodesAt(now: number): number[] {
  return pictures.picture(NEWS, now).map(({ node }) => node!.id.at(-1)!);
}
