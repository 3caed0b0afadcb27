import { describe, expect, it } from 'vitest';
import { assert, AssertionFailed, assertNever } from './assert.ts';
import { canonicalJson, digest } from './json.ts';
import { earliest } from './machine.ts';

describe('canonical JSON', () => {
  it('sorts the keys of every object and leaves lists in order', () => {
    expect(canonicalJson({ b: [2, 1, { d: null, c: 'x' }], a: true })).toBe('{"a":true,"b":[2,1,{"c":"x","d":null}]}');
  });
});

describe('a digest', () => {
  it('is equal for equal states and differs for others', () => {
    expect(digest({ a: 1, b: 2 })).toBe(digest({ b: 2, a: 1 }));
    expect(digest({ a: 1, b: 2 })).not.toBe(digest({ a: 2, b: 1 }));
    expect(digest([])).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe('an assertion', () => {
  it('says the sentence that should have been true', () => {
    expect(() => assert(false, 'time runs forward')).toThrow(new AssertionFailed('not true: time runs forward'));
    expect(() => assertNever('rubbish' as never)).toThrow(AssertionFailed);
    assert(true, 'nothing happens');
  });
});

describe('the earliest deadline', () => {
  it('leaves out machines that wait for input only', () => {
    expect(earliest(undefined, 30, 20, undefined)).toBe(20);
    expect(earliest(undefined)).toBeUndefined();
  });
});
