import { createHash, randomBytes } from 'node:crypto';
import { idFromBytes, type Id } from '@banyan/ids';

/** Bytes of the salt that the authority draws for a key. */
export const SALT_BYTES = 16;

/**
 * The id of a key: the first 128 bits of SHA-256(public key ‖ salt).
 * The salt is drawn by the authority after it has seen the key, so nobody chooses where in the ring he sits.
 * `spki` is the SubjectPublicKeyInfo in DER as `publicKeyToSpki` gives it.
 */
export function nodeId(spki: Uint8Array, salt: Uint8Array): Id {
  return idFromBytes(createHash('sha256').update(spki).update(salt).digest());
}

/** A fresh random salt. */
export function drawSalt(): Uint8Array {
  return new Uint8Array(randomBytes(SALT_BYTES));
}
