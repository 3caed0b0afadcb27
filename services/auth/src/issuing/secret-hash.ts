import { argon2, randomBytes, timingSafeEqual, type Argon2Parameters } from 'node:crypto';
import { promisify } from 'node:util';

// Of the choices that OWASP holds equal for argon2id, the one with 46 MiB and one pass. Not that with 19 MiB and two
// passes: what is freed below 32 MiB glibc keeps for the next time, which left auth 23 MB larger for ever.
const MEMORY_KIB = 47_104;
const PASSES = 1;
const LANES = 1;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

const hash = promisify(argon2) as (algorithm: 'argon2id', parameters: Argon2Parameters) => Promise<Buffer>;
const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** A secret as it is kept: argon2id in the PHC string format, with a salt of its own. */
export async function hashSecret(secret: string): Promise<string> {
  const nonce = randomBytes(SALT_BYTES);
  const digest = await hash('argon2id', { message: secret, nonce, parallelism: LANES, tagLength: HASH_BYTES, memory: MEMORY_KIB, passes: PASSES });
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${unpadded(nonce)}$${unpadded(digest)}`;
}

/** True when `kept` was made of `secret`. False, after as long, for a text that is no hash of ours. */
export async function matchesSecret(secret: string, kept: string): Promise<boolean> {
  const [, memory, passes, parallelism, nonce = '', digest = ''] = PHC.exec(kept) ?? PHC.exec(NOBODY) ?? [];
  const expected = Buffer.from(digest, 'base64');
  const actual = await hash('argon2id', {
    message: secret,
    nonce: Buffer.from(nonce, 'base64'),
    parallelism: Number(parallelism),
    tagLength: expected.length,
    memory: Number(memory),
    passes: Number(passes),
  });
  return timingSafeEqual(actual, expected) && kept !== NOBODY;
}

/** A hash that no secret matches: compared with when a subject is unknown, so that the time taken does not tell. */
export const NOBODY = `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${unpadded(Buffer.alloc(SALT_BYTES))}$${unpadded(Buffer.alloc(HASH_BYTES))}`;

function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}
