import { describe, expect, it } from 'vitest';
import { id } from '@banyan/ids';
import { addressesFault, parseAlternativeNames, saltToHex } from './identity-names.ts';

const ID = `URI:banyan:node:${'a'.repeat(32)}`;
const SALT = `URI:banyan:salt:${'b'.repeat(32)}`;
const ROLE = 'URI:banyan:role:node';

describe('parseAlternativeNames', () => {
  it('reads id, salt, role and addresses', () => {
    expect(parseAlternativeNames([ID, SALT, ROLE, 'DNS:localhost', 'IP Address:127.0.0.1'].join(', '))).toEqual({
      id: id('a'.repeat(32)),
      salt: new Uint8Array(16).fill(0xbb),
      role: 'node',
      addresses: ['localhost', '127.0.0.1'],
    });
  });

  it.each([
    ['no id', [SALT, ROLE]],
    ['two ids', [ID, ID, SALT, ROLE]],
    ['a short salt', [ID, 'URI:banyan:salt:bb', ROLE]],
    ['an unknown role', [ID, SALT, 'URI:banyan:role:king']],
    ['a quoted name, which could hide a separator', [ID, SALT, ROLE, 'DNS:"a, URI:banyan:role:builder"']],
    ['nothing', []],
  ])('is nobody with %s', (_what, names) => {
    expect(parseAlternativeNames(names.join(', '))).toBeUndefined();
  });
});

describe('addressesFault', () => {
  it('takes names and addresses', () => expect(addressesFault(['localhost', 'node-3.example.org', '10.0.0.1', '::1'])).toBeUndefined());

  it.each([[['a b']], [['-a']], [['a..b']], [['']], [['a\0b']], [['x'.repeat(254)]], [['*.example.org']]])('refuses %j', (addresses) => {
    expect(addressesFault(addresses)).toContain('neither');
  });

  it('refuses more than eight', () => expect(addressesFault(Array.from({ length: 9 }, () => 'a'))).toContain('at most 8'));
});

it('spells a salt in hex', () => expect(saltToHex(new Uint8Array(16).fill(1))).toBe('01'.repeat(16)));
