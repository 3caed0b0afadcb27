import { assert, describe, it } from 'vitest';
import { exceeded } from './bound.ts';

describe('exceeded', () => {
  it('tells the first bound that does not hold', () => {
    assert.equal(exceeded([{ name: 'a', size: 2, limit: 2 }]), undefined);
    assert.match(exceeded([{ name: 'a', size: 2, limit: 2 }, { name: 'b', size: 3, limit: 2 }]) ?? '', /^b holds 3/);
    assert.match(exceeded([{ name: 'a', size: NaN, limit: 2 }]) ?? '', /^a holds/);
  });
});
