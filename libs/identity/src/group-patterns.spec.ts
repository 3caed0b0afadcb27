import { describe, expect, it } from 'vitest';
import { groupPatternFault, matchesGroup, prefixOfPattern } from './group-patterns.ts';

describe('patterns of group names', () => {
  it.each([
    ['news/*', 'news/today', true],
    ['news/*', 'news/today/sport', false],
    ['news/>', 'news/today', true],
    ['news/>', 'news/today/sport', true],
    ['news/*/sport', 'news/today/sport', true],
    ['news/*/sport', 'news/today/weather', false],
    ['news/*/>', 'news/today', false],
    ['news/*/>', 'news/today/sport/chess', true],
    ['news/today', 'news/today', true],
    ['news/*', 'other/today', false],
  ])('%s and %s: %j', (pattern, name, matches) => {
    expect(groupPatternFault(pattern)).toBeUndefined();
    expect(matchesGroup(pattern, name)).toBe(matches);
  });

  it.each(['*', '*/news', '>', 'news/>/sport', 'news/to*', 'news//x', 'News/*', `news/${'x'.repeat(200)}`])('refuses %s', (pattern) => {
    expect(groupPatternFault(pattern)).toBeTypeOf('string');
  });

  it('begin with what all their names begin with', () => {
    expect(prefixOfPattern('news/a/*/b')).toBe('news/a/');
  });
});
