import { describe, expect, it } from 'vitest';
import { groupKey } from '@banyan/identity';
import type { multicast } from '@banyan/proto';
import { nodeId, nodeOf, placeOf } from '../testing/places.ts';
import { pictureStream, type Pictured } from './picture-stream.ts';
import { TreePictures } from './tree-pictures.ts';

const NEWS = groupKey('ann/news');

function picturedNews(pictures: TreePictures): Pictured<readonly multicast.Place[]> {
  return { look: () => pictures.picture(NEWS, performance.now()), watch: (changed) => pictures.watch(NEWS, changed), expire: () => pictures.expire(performance.now()) };
}

function tell(pictures: TreePictures, number: number): void {
  pictures.report({ node: nodeOf(nodeId(number)), places: [placeOf()], left: [] }, performance.now());
}

describe('pictureStream', () => {
  it('gives the picture at once, and one more for all changes that came meanwhile', async () => {
    const pictures = new TreePictures();
    const over = new AbortController();
    const stream = pictureStream(picturedNews(pictures), over.signal);
    expect((await stream.next()).value).toEqual([]);
    for (let i = 1; i <= 50; i++) tell(pictures, i);
    expect((await stream.next()).value).toHaveLength(50);
    const waiting = stream.next();
    tell(pictures, 51);
    expect((await waiting).value).toHaveLength(51);
    over.abort();
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('ends while it waits, and watches no longer', async () => {
    const pictures = new TreePictures();
    const over = new AbortController();
    const stream = pictureStream(picturedNews(pictures), over.signal);
    await stream.next();
    const waiting = stream.next();
    over.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
    tell(pictures, 1);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });
});
