// What a certificate says about its holder, as subject alternative names: readable by any X.509 tool, and by
// node:crypto alone, so that a node never loads an ASN.1 library to know its peers.
import { isIP } from 'node:net';
import { idFromBytes, parseId, type Id } from '@banyan/ids';
import { SALT_BYTES } from './node-id.ts';
import { isRole, type Role } from './role.ts';

/** Addresses named in one certificate at most. */
export const ADDRESSES_MAX = 8;

/** The holder as a certificate names it. */
export interface IdentityNames {
  readonly id: Id;
  readonly salt: Uint8Array;
  readonly role: Role;
  /** DNS names and IP addresses where the holder listens. */
  readonly addresses: readonly string[];
}

/** One subject alternative name, in the words of @peculiar/x509. */
export interface AlternativeName {
  readonly type: 'url' | 'dns' | 'ip';
  readonly value: string;
}

const ID_URI = 'banyan:node:';
const SALT_URI = 'banyan:salt:';
const ROLE_URI = 'banyan:role:';

/** The alternative names of a holder's certificate. */
export function toAlternativeNames(names: IdentityNames): readonly AlternativeName[] {
  return [
    { type: 'url', value: `${ID_URI}${names.id}` },
    { type: 'url', value: `${SALT_URI}${Buffer.from(names.salt).toString('hex')}` },
    { type: 'url', value: `${ROLE_URI}${names.role}` },
    ...names.addresses.map((value): AlternativeName => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
  ];
}

/**
 * The holder named by `subjectAltName` as node:crypto prints it; undefined when id, salt or role is missing, repeated
 * or malformed. A quoted name (node quotes what could be mistaken for a separator) is never one of ours.
 */
export function parseAlternativeNames(subjectAltName: string): IdentityNames | undefined {
  if (subjectAltName.includes('"')) return undefined;
  const names = subjectAltName.split(', ');
  const id = parseId(only(valuesOf(names, `URI:${ID_URI}`)) ?? '');
  const salt = parseId(only(valuesOf(names, `URI:${SALT_URI}`)) ?? '');
  const role = only(valuesOf(names, `URI:${ROLE_URI}`)) ?? '';
  if (id === undefined || salt === undefined || !isRole(role)) return undefined;
  return { id, salt: new Uint8Array(Buffer.from(salt, 'hex')), role, addresses: [...valuesOf(names, 'DNS:'), ...valuesOf(names, 'IP Address:')] };
}

/** Why a certificate may not name these addresses, as one sentence; undefined when it may. */
export function addressesFault(addresses: readonly string[]): string | undefined {
  if (addresses.length > ADDRESSES_MAX) return `at most ${ADDRESSES_MAX} addresses may be named, not ${addresses.length}`;
  const wrong = addresses.find((address) => isIP(address) === 0 && !isDnsName(address));
  return wrong === undefined ? undefined : `'${wrong.slice(0, 80)}' is neither an IP address nor a DNS name`;
}

/** True when `bytes` may be a salt. */
export function isSalt(bytes: Uint8Array): boolean {
  return bytes.length === SALT_BYTES;
}

/** A salt as 32 hex digits: the form in which it is kept in files and tables. */
export function saltToHex(salt: Uint8Array): string {
  return idFromBytes(salt);
}

function isDnsName(text: string): boolean {
  return text.length <= 253 && text.split('.').every((label) => /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/.test(label));
}

function valuesOf(names: readonly string[], prefix: string): readonly string[] {
  return names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}

function only(values: readonly string[]): string | undefined {
  return values.length === 1 ? values[0] : undefined;
}
