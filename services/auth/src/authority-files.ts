import { createPublicKey, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm } from 'node:fs/promises';
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
 * Replicas that start at once on a directory that they share agree on what the first of them made.
 * Throws DATA_DIR_UNUSABLE when a file is damaged: a new authority would lock the whole overlay out.
 */
export async function openAuthority(dataDir: string, authorityFile: string, now: number): Promise<AuthorityFiles> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, 'authority.json');
  const known = await readAuthority(path);
  const made = known === undefined ? await createAuthority(path, now) : undefined;
  const authority = known ?? made ?? (await readAuthority(path));
  if (authority === undefined) throw damaged(path, 'an authority', undefined);
  const signer = await openSigner(join(dataDir, 'token-key.pem'));
  await writeFileAtomically(authorityFile, authority.pem, PUBLIC_MODE);
  return { authority, signer, isNew: made !== undefined };
}

// Key and certificate lie in one file, so that a crash never leaves one without the other. Undefined: another was quicker.
async function createAuthority(path: string, now: number): Promise<CertificateAuthority | undefined> {
  const authority = await CertificateAuthority.create(now);
  return (await writeFirst(path, `${JSON.stringify(authority.save(), undefined, 2)}\n`)) ? authority : undefined;
}

/** Writes a file whole unless it is there; false when it is. */
async function writeFirst(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}.new`;
  await writeFileAtomically(draft, text);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
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
  const made = privateKeyToPem(generateTokenKey());
  const pem = (await readIfThere(path)) ?? ((await writeFirst(path, made)) ? made : await readFile(path, 'utf8'));
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
