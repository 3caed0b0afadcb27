// Becoming a member, without the transport: what both sides sign and check. The gRPC calls live in service-kit (client)
// and services/auth (server).
import type { KeyObject } from 'node:crypto';
import { makeCertificateRequest } from './certificate-request.ts';
import { assembleCredentials, certificateToPem, type Credentials } from './credentials.ts';
import { isSalt } from './identity-names.ts';
import { privateKeyToPem, publicKeyToSpki, signBytes, verifyBytes } from './keys.ts';
import { nodeId } from './node-id.ts';
import type { EnrolledRole } from './role.ts';

const POSSESSION_CONTEXT = Buffer.from('banyan enrolment v1\0', 'latin1');

/** The auth service, as one who enrolls sees it. Both reject with the error of the transport. */
export interface EnrolmentClient {
  /** Asks for the salt of a key. */
  begin(request: { readonly enrolmentToken: string; readonly publicKey: Uint8Array }): Promise<{ readonly salt: Uint8Array }>;
  /** Asks for the certificate. Everything in DER. */
  enroll(request: EnrolRequest): Promise<{ readonly certificate: Uint8Array }>;
}

/** The second half of an enrolment. */
export interface EnrolRequest {
  readonly enrolmentToken: string;
  /** PKCS #10, DER. */
  readonly certificateRequest: Uint8Array;
  readonly salt: Uint8Array;
  /** See `provePossession`. */
  readonly possession: Uint8Array;
  readonly addresses: readonly string[];
  readonly role: EnrolledRole;
}

/** The auth service, as one who renews sees it. */
export interface RenewalClient {
  /** Asks for a new certificate. Everything in DER. */
  renew(request: { readonly certificateRequest: Uint8Array; readonly addresses: readonly string[] }): Promise<{ readonly certificate: Uint8Array }>;
}

/** Who wants to become a member of what. */
export interface EnrolmentOrder {
  readonly privateKey: KeyObject;
  readonly enrolmentToken: string;
  readonly role: EnrolledRole;
  /** DNS names and IP addresses where the process listens. */
  readonly addresses: readonly string[];
  /** The overlay's authority, PEM: the trust anchor from the configuration, not from the network. */
  readonly authority: string;
}

/** The auth service answered something that no honest one would. */
export class EnrolmentError extends Error {
  override readonly name = 'EnrolmentError';
}

/** The signature that shows that we hold the key: over `banyan enrolment v1`, a zero byte, and the salt. */
export function provePossession(privateKey: KeyObject, salt: Uint8Array): Uint8Array {
  return signBytes(privateKey, Buffer.concat([POSSESSION_CONTEXT, salt]));
}

/** True when `possession` was made by the holder of `publicKey` for this salt. */
export function provesPossession(publicKey: KeyObject, salt: Uint8Array, possession: Uint8Array): boolean {
  return verifyBytes(publicKey, Buffer.concat([POSSESSION_CONTEXT, salt]), possession);
}

/**
 * Enrolls: asks for a salt, proves the key, and checks what comes back against the authority that was configured.
 * Rejects with EnrolmentError when the answer is not what was asked for, else with the client's own error.
 */
export async function enroll(order: EnrolmentOrder, client: EnrolmentClient): Promise<Credentials> {
  const { privateKey, enrolmentToken, role, addresses, authority } = order;
  const publicKey = publicKeyToSpki(privateKey);
  const { salt } = await client.begin({ enrolmentToken, publicKey });
  if (!isSalt(salt)) throw new EnrolmentError('the auth service drew no salt');
  const certificateRequest = await makeCertificateRequest(privateKey);
  const possession = provePossession(privateKey, salt);
  const { certificate } = await client.enroll({ enrolmentToken, certificateRequest, salt, possession, addresses, role });
  const credentials = checkedCredentials(privateKey, certificate, authority);
  if (credentials.identity.id !== nodeId(publicKey, salt) || credentials.identity.role !== role) {
    throw new EnrolmentError('the auth service signed another id or role than the one asked for');
  }
  return credentials;
}

/** Renews: a new certificate for the same key, salt and role. Rejects as `enroll` does. */
export async function renew(current: Credentials, addresses: readonly string[], client: RenewalClient): Promise<Credentials> {
  const certificateRequest = await makeCertificateRequest(current.privateKey);
  const { certificate } = await client.renew({ certificateRequest, addresses });
  const renewed = checkedCredentials(current.privateKey, certificate, current.authority);
  if (renewed.identity.id !== current.identity.id || renewed.identity.role !== current.identity.role) {
    throw new EnrolmentError('the auth service renewed another id or role than ours');
  }
  return renewed;
}

function checkedCredentials(privateKey: KeyObject, certificate: Uint8Array, authority: string): Credentials {
  const files = { key: privateKeyToPem(privateKey), certificate: pemOrThrow(certificate), authority };
  const credentials = assembleCredentials(files);
  if (credentials === undefined) throw new EnrolmentError('the certificate is not of our key, or not signed by the configured authority');
  return credentials;
}

function pemOrThrow(certificate: Uint8Array): string {
  try {
    return certificateToPem(certificate);
  } catch (cause) {
    throw new EnrolmentError('the auth service answered no certificate', { cause });
  }
}
