import { idFromBytes, type Id } from '@banyan/ids';
import { OverlayError } from '@banyan/grpc';
import {
  addressesFault,
  drawSalt,
  isSalt,
  nodeId,
  provesPossession,
  publicKeyFromSpki,
  readCertificateRequest,
  saltToHex,
  type CertificateAuthority,
  type EnrolledRole,
  type IssuedCertificate,
} from '@banyan/identity';
import type { AuditLog } from '../storing/audit-log.ts';
import type { EnrolmentStore, EnrolmentTokenRecord } from '../storing/enrolment-store.ts';
import { digestOf } from './enrolment-token.ts';

/** How long a drawn salt waits for its certificate to be asked for. */
export const RESERVATION_LIFETIME_MS = 10 * 60_000;
const RETRY_AFTER_MS = 60_000;

/** The second half of an enrolment, as it came in. */
export interface EnrolmentRequest {
  readonly enrolmentToken: string;
  readonly certificateRequest: Uint8Array;
  readonly salt: Uint8Array;
  readonly possession: Uint8Array;
  readonly addresses: readonly string[];
  readonly role: EnrolledRole;
}

/** A certificate and whose it is. */
export interface EnrolledCertificate extends IssuedCertificate {
  readonly id: Id;
}

/**
 * Makes members. The salt of a key under a token is drawn once, and drawing it uses the token up: so nobody can ask
 * again and again until an id pleases him. Asking again with the same key gives the same id, so an answer that was lost costs nothing.
 */
export class Enrolments {
  constructor(
    private readonly authority: CertificateAuthority,
    private readonly store: EnrolmentStore,
    private readonly audit: AuditLog,
    private readonly now: () => number,
  ) {}

  /** Draws the salt for a key. Throws ENROLMENT_TOKEN_INVALID, PUBLIC_KEY_INVALID, BUSY. */
  async begin(enrolmentToken: string, publicKey: Uint8Array): Promise<{ readonly salt: Uint8Array; readonly id: Id }> {
    const token = await this.#validToken(enrolmentToken);
    if (publicKeyFromSpki(publicKey) === undefined) throw new OverlayError('PUBLIC_KEY_INVALID', 'the public key is neither Ed25519 nor P-256 in DER');
    const now = this.now();
    const offered = { tokenDigest: token.digest, keyDigest: digestOf(publicKey), salt: saltToHex(drawSalt()), expiresAt: now + RESERVATION_LIFETIME_MS };
    const outcome = await this.store.reserve(offered, now);
    if (outcome.type === 'used-up') throw new OverlayError('ENROLMENT_TOKEN_INVALID', 'the enrolment token is used up');
    if (outcome.type === 'too-many') throw new OverlayError('BUSY', 'too many enrolments are open', {}, { retryAfterMs: RETRY_AFTER_MS });
    const salt = Buffer.from(outcome.salt, 'hex');
    return { salt, id: nodeId(publicKey, salt) };
  }

  /**
   * Signs the certificate. Throws ENROLMENT_TOKEN_INVALID, CERTIFICATE_REQUEST_INVALID, REQUEST_INVALID,
   * ENROLMENT_EXPIRED, POSSESSION_NOT_PROVEN, CERTIFICATE_REVOKED.
   */
  async enroll(request: EnrolmentRequest): Promise<EnrolledCertificate> {
    const token = await this.#validToken(request.enrolmentToken);
    if (!token.roles.includes(request.role)) {
      throw new OverlayError('ENROLMENT_TOKEN_INVALID', `the enrolment token is not good for the role ${request.role}`, { role: request.role });
    }
    const publicKey = await requestedKey(request);
    const keyDigest = digestOf(publicKey);
    const drawn = await this.store.findSalt(token.digest, keyDigest, this.now());
    if (drawn === undefined || drawn !== saltToHex(request.salt)) throw new OverlayError('ENROLMENT_EXPIRED', 'no such salt is drawn for this key');
    const id = nodeId(publicKey, request.salt);
    await this.#refuseRevoked(id);
    const { role, salt, addresses } = request;
    const certificate = await this.authority.issue({ id, salt, role, addresses, publicKey, now: this.now() });
    const { serial, notAfter } = certificate;
    await this.store.admit({ id, tokenDigest: token.digest, keyDigest, salt: drawn, role, serial, notAfter, revokedAt: undefined });
    await this.audit.append({ at: this.now(), event: 'node_enrolled', actor: token.label, object: id, detail: `role ${role}, serial ${serial}` });
    return { ...certificate, id };
  }

  async #validToken(enrolmentToken: string): Promise<EnrolmentTokenRecord> {
    const token = await this.store.findToken(digestOf(enrolmentToken));
    if (token === undefined) throw new OverlayError('ENROLMENT_TOKEN_INVALID', 'the enrolment token is unknown');
    if (token.expiresAt <= this.now()) throw new OverlayError('ENROLMENT_TOKEN_INVALID', 'the enrolment token has expired');
    return token;
  }

  async #refuseRevoked(id: Id): Promise<void> {
    const node = await this.store.findNode(id);
    if (node?.revokedAt !== undefined) throw new OverlayError('CERTIFICATE_REVOKED', `the certificate of ${id} was revoked`, { id });
  }
}

/** The key that a request proves to hold. */
async function requestedKey(request: EnrolmentRequest): Promise<Uint8Array> {
  const fault = addressesFault(request.addresses);
  if (fault !== undefined) throw new OverlayError('REQUEST_INVALID', `addresses: ${fault}`, { field: 'addresses' });
  const spki = await readCertificateRequest(request.certificateRequest);
  const publicKey = spki === undefined ? undefined : publicKeyFromSpki(spki);
  if (spki === undefined || publicKey === undefined) {
    throw new OverlayError('CERTIFICATE_REQUEST_INVALID', 'the certificate request is malformed, or not signed by its key');
  }
  if (!isSalt(request.salt)) throw new OverlayError('REQUEST_INVALID', 'salt: is not 16 bytes', { field: 'salt' });
  if (!provesPossession(publicKey, request.salt, request.possession)) {
    throw new OverlayError('POSSESSION_NOT_PROVEN', 'the salt is not signed by the key of the request');
  }
  return spki;
}

/** The id that 16 bytes spell. Throws REQUEST_INVALID. */
export function parseNodeId(bytes: Uint8Array): Id {
  if (bytes.length !== 16) throw new OverlayError('REQUEST_INVALID', 'node_id: is not 16 bytes', { field: 'node_id' });
  return idFromBytes(bytes);
}
