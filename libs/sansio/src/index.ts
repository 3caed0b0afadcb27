export { earliest, type Machine, type Millis } from './machine.ts';
export { DueTimes } from './due-times.ts';
export { canonicalJson, digest, type Json } from './json.ts';
export { seededRng, type Rng } from './rng.ts';
export { exceeded, type Bound } from './bound.ts';
export { assert, AssertionFailed, assertNever } from './assert.ts';
