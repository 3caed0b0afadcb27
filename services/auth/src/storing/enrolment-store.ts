import type { Id } from '@banyan/ids';
import type { EnrolledRole } from '@banyan/identity';

/** An enrolment token as it is kept: by digest, never by its text. */
export interface EnrolmentTokenRecord {
  /** SHA-256 of the token, hex. */
  readonly digest: string;
  /** For the audit log: `initial`, or who made it. */
  readonly label: string;
  readonly roles: readonly EnrolledRole[];
  /** How many more ids it may enroll. */
  readonly usesLeft: number;
  /** Wall ms from which it is void. */
  readonly expiresAt: number;
}

/** The salt drawn for a key, until its certificate is asked for. */
export interface Reservation {
  readonly tokenDigest: string;
  /** SHA-256 of the public key, hex. */
  readonly keyDigest: string;
  /** 32 hex digits. */
  readonly salt: string;
  /** Wall ms from which it is void. */
  readonly expiresAt: number;
}

/** What became of a reservation: it stands with this salt, the token is used up, or too many reservations are open. */
export type ReservationOutcome = { readonly type: 'reserved'; readonly salt: string } | { readonly type: 'used-up' } | { readonly type: 'too-many' };

/** A holder of a certificate. */
export interface NodeRecord {
  readonly id: Id;
  readonly tokenDigest: string;
  readonly keyDigest: string;
  /** 32 hex digits. */
  readonly salt: string;
  readonly role: EnrolledRole;
  /** Serial number of the last certificate, hex. */
  readonly serial: string;
  /** Last moment of the last certificate, wall ms. */
  readonly notAfter: number;
  /** Wall ms of the revocation; undefined: not revoked. */
  readonly revokedAt: number | undefined;
}

/** Reservations open at once at most: whoever has leaked a shared token shall not fill the disk. */
export const RESERVATIONS_MAX = 10_000;

/**
 * Enrolment tokens, reservations and the holders of certificates. Every method is one transaction.
 * Rejects with DatabaseError only.
 */
export interface EnrolmentStore {
  /** Keeps a token, instead of one of the same digest; tokens that have expired are forgotten. */
  putToken(token: EnrolmentTokenRecord, now: number): Promise<void>;
  /** Forgets every token with this label but one. */
  dropTokensLabelled(label: string, exceptDigest: string): Promise<void>;
  findToken(digest: string): Promise<EnrolmentTokenRecord | undefined>;
  /**
   * The salt for a key under a token: the one of its certificate or of its open reservation, else the one offered, which
   * uses the token up by one. Uses of reservations that expired come back first.
   */
  reserve(offered: Reservation, now: number): Promise<ReservationOutcome>;
  /** The salt of a key's certificate or open reservation under a token; undefined when there is neither. */
  findSalt(tokenDigest: string, keyDigest: string, now: number): Promise<string | undefined>;
  /** Keeps the holder of a new certificate and ends its reservation. A holder of the same id is replaced. */
  admit(node: NodeRecord): Promise<void>;
  findNode(id: Id): Promise<NodeRecord | undefined>;
  /** Notes a renewed certificate. False: there is no such holder, or it is revoked. */
  renew(id: Id, certificate: { readonly serial: string; readonly notAfter: number }): Promise<boolean>;
  /** Revokes; once revoked stays so. False: there is no such holder. */
  revoke(id: Id, revocation: { readonly at: number; readonly reason: string }): Promise<boolean>;
  /** Ids whose certificates were revoked and have not expired, in order. */
  listRevoked(now: number): Promise<readonly Id[]>;
}
