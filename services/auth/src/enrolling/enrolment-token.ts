import { createHash, randomBytes } from 'node:crypto';

const TOKEN_BYTES = 32;

/** A new enrolment token: 256 random bits behind a prefix that secret scanners can find. */
export function drawEnrolmentToken(): string {
  return `banyan-enrolment-${randomBytes(TOKEN_BYTES).toString('base64url')}`;
}

/** What is kept of a token: SHA-256, hex. Tokens are long and random, so a slow hash would protect nothing. */
export function digestOf(secret: string | Uint8Array): string {
  return createHash('sha256').update(secret).digest('hex');
}
