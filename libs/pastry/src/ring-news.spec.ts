import { id } from '@banyan/ids';
import { describe, expect, it } from 'vitest';
import { RingNews } from './ring-news.ts';

const life = (digit: string, incarnation = 1) => ({ id: id(digit.repeat(32)), incarnation });

describe('news for a ring neighbor', () => {
  it('is told in every heartbeat until one that carried it is acknowledged', () => {
    const news = new RingNews();
    news.add(life('1'));
    expect(news.take(10)).toEqual([life('1')]);
    news.add(life('2'));
    expect(news.take(20)).toEqual([life('1'), life('2')]);
    news.acknowledged(10);
    expect(news.take(30)).toEqual([life('2')]);
    news.acknowledged(20);
    expect(news.take(40)).toEqual([]);
  });

  it('is not told back to whom we have it from, a later life is', () => {
    const news = new RingNews();
    news.heard(life('1'));
    news.add(life('1'));
    expect(news.take(0)).toEqual([]);
    news.add(life('1', 2));
    expect(news.take(0)).toEqual([life('1', 2)]);
  });

  it('keeps a bounded number, the latest', () => {
    const news = new RingNews();
    for (let i = 1; i <= 40; i++) news.add({ id: id(i.toString(16).padStart(32, '0')), incarnation: 1 });
    expect(news.size).toBe(32);
    expect(news.take(0).at(-1)?.id).toBe(id((40).toString(16).padStart(32, '0')));
  });
});
