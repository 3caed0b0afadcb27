import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OverlayError } from '@banyan/grpc';
import { CertificateAuthority, generateTokenKey, privateKeyFromPem, privateKeyToPem, PUBLIC_MODE, TokenSigner, writeFileAtomically } from '@banyan/identity';

/** The roots of trust, as they lie in the data directory. */
export interface AuthorityFiles {
  readonly authority: CertificateAuthority;
  readonly signer: TokenSigner;
  /** True when the authority was made just now: the overlay begins. */
  readonly isNew: boolean;
}

/**
 * The authority and the key that signs tokens: those on disk, else new ones that are there from now on. The authority's
 * certificate is also written to `authorityFile`, the trust anchor that everyone else is given.
 * Throws DATA_DIR_UNUSABLE when a file is damaged: a new authority would lock the whole overlay out.
 */
export async function openAuthority(dataDir: string, authorityFile: string, now: number): Promise<AuthorityFiles> {
  const known = await readAuthority(join(dataDir, 'authority.json'));
  const authority = known ?? (await createAuthority(join(dataDir, 'authority.json'), now));
  const signer = await openSigner(join(dataDir, 'token-key.pem'));
  await writeFileAtomically(authorityFile, authority.pem, PUBLIC_MODE);
  return { authority, signer, isNew: known === undefined };
}

// Key and certificate lie in one file, so that a crash never leaves one without the other.
async function createAuthority(path: string, now: number): Promise<CertificateAuthority> {
  const authority = await CertificateAuthority.create(now);
  await writeFileAtomically(path, `${JSON.stringify(authority.save(), undefined, 2)}\n`);
  return authority;
}

async function readAuthority(path: string): Promise<CertificateAuthority | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return await CertificateAuthority.load(JSON.parse(text) as { readonly key: string; readonly certificate: string });
  } catch (cause) {
    throw damaged(path, 'an authority', cause);
  }
}

async function openSigner(path: string): Promise<TokenSigner> {
  const pem = await readIfThere(path);
  if (pem === undefined) {
    const key = generateTokenKey();
    await writeFileAtomically(path, privateKeyToPem(key));
    return TokenSigner.create(key);
  }
  try {
    const key = privateKeyFromPem(pem);
    if (createPublicKey(key).asymmetricKeyType !== 'ed25519') throw new TypeError('the key is not Ed25519');
    return await TokenSigner.create(key);
  } catch (cause) {
    throw damaged(path, 'a token key', cause);
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function damaged(path: string, what: string, cause: unknown): OverlayError {
  return new OverlayError('DATA_DIR_UNUSABLE', `${path} does not hold ${what}; restore it from a backup`, { file: path }, { cause });
}
