import { describe, expect, it } from 'vitest';
import { isScope, scopeAllows, scopeCovers } from './scopes.ts';

describe('isScope', () => {
  it.each(['admin', 'route', 'publish:a/b', 'subscribe:a/b.c_d-e/f', 'publish:*', 'subscribe:a/*', 'publish:a/b*', 'subscribe:a/b:block', 'subscribe:*:block'])('takes %s', (scope) => {
    expect(isScope(scope)).toBe(true);
  });

  it.each(['', 'Admin', 'publish', 'publish:', 'publish:a/*/b', 'publish:**', 'publish:a b', 'publish:a/b:block', 'subscribe::block', 'subscribe:a/b:block:block', 'read:a', 'admin ', `publish:${'a'.repeat(220)}`])('refuses %j', (scope) => {
    expect(isScope(scope)).toBe(false);
  });
});

describe('scopeAllows', () => {
  it('takes the group itself, a prefix with a star, and nothing shorter', () => {
    expect(scopeAllows(['publish:a/b'], 'publish:a/b')).toBe(true);
    expect(scopeAllows(['publish:a/*'], 'publish:a/b')).toBe(true);
    expect(scopeAllows(['publish:*'], 'publish:a/b')).toBe(true);
    expect(scopeAllows(['publish:a/b'], 'publish:a/bc')).toBe(false);
    expect(scopeAllows(['publish:a/*'], 'publish:ab/c')).toBe(false);
    expect(scopeAllows(['subscribe:*'], 'publish:a/b')).toBe(false);
  });

  it('lets admin read every group and no more', () => {
    expect(scopeAllows(['admin'], 'admin')).toBe(true);
    expect(scopeAllows(['admin'], 'subscribe:a/b')).toBe(true);
    expect(scopeAllows(['admin'], 'publish:a/b')).toBe(false);
    expect(scopeAllows(['admin'], 'route')).toBe(false);
    expect(scopeAllows(['route'], 'admin')).toBe(false);
    expect(scopeAllows([], 'route')).toBe(false);
  });
});

describe('the right to be waited for', () => {
  it('is given by a scope of its own only', () => {
    expect(scopeAllows(['subscribe:a/b:block'], 'subscribe:a/b:block')).toBe(true);
    expect(scopeAllows(['subscribe:a/*:block'], 'subscribe:a/b:block')).toBe(true);
    expect(scopeAllows(['subscribe:a/*', 'subscribe:*', 'admin'], 'subscribe:a/b:block')).toBe(false);
    expect(scopeAllows(['subscribe:a/b:block'], 'subscribe:a/b')).toBe(false);
  });
});

describe('scopeCovers', () => {
  it('hands out narrower patterns only', () => {
    expect(scopeCovers(['publish:a/*'], 'publish:a/b*')).toBe(true);
    expect(scopeCovers(['publish:a/*'], 'publish:a/*')).toBe(true);
    expect(scopeCovers(['publish:a/*'], 'publish:a*')).toBe(false);
    expect(scopeCovers(['publish:a/*'], 'publish:*')).toBe(false);
    expect(scopeCovers(['admin'], 'subscribe:a/b')).toBe(false);
  });
});
