import { expect, it } from 'vitest';
import { fromPageToken, toPageToken } from './page-token.ts';

it('leads back to the group the last page ended with', () => {
  expect(fromPageToken(toPageToken('ann/news'))).toBe('ann/news');
  expect([toPageToken(undefined), fromPageToken('')]).toEqual(['', '']);
});

it.each(['rubbish', '!', Buffer.from('ann/*').toString('base64url')])('is refused when it is not ours: %s', (token) => {
  expect(() => fromPageToken(token)).toThrow('page token');
});
