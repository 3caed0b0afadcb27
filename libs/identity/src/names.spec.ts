import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { completeGroupName, groupKey, groupNameFault, isGroupName, isSubject, keyOfName, ownerOfGroup } from './names.ts';

describe('isGroupName', () => {
  it.each(['a/b', 'admin/news', 'a/b/c.d_e-f', `a/${'b'.repeat(198)}`])('takes %s', (name) => {
    expect(isGroupName(name)).toBe(true);
  });

  it.each(['', 'a/', '/a', 'ab', 'abc', 'a//b', 'a/b/', 'A/b', 'a/b c', 'a/*', 'a/>', 'a/../b', 'a/.', './a', '-a/b', 'a/ü', 'a/b\n', 'a/b\0', `a/${'b'.repeat(199)}`])('refuses %j and says why', (name) => {
    expect(groupNameFault(name)).toMatch(/\w/);
  });
});

describe('group names', () => {
  it('are completed with the subject when they have no slash', () => {
    expect(completeGroupName('news', 'admin')).toBe('admin/news');
    expect(completeGroupName('bob/news', 'admin')).toBe('bob/news');
  });

  it('belong to their first segment', () => expect(ownerOfGroup('bob/news/today')).toBe('bob'));

  it('have as key the first 128 bits of SHA-256(owner, 0, name)', () => {
    expect(groupKey('bob/news')).toBe(createHash('sha256').update('bob\0bob/news').digest('hex').slice(0, 32));
  });
});

it('hashes any name to a key', () => {
  expect(keyOfName('hello')).toBe(createHash('sha256').update('hello').digest('hex').slice(0, 32));
});

it('knows subjects', () => {
  expect(['admin', 'a', 'a.b-c_d', '0x'].every(isSubject)).toBe(true);
  expect(['', '.a', 'a/b', 'A', 'a b', 'a'.repeat(65)].some(isSubject)).toBe(false);
});
