// For the specs of other rooms: an overlay's authority and any number of members in a few lines. Not for production:
// it gives a certificate to whoever asks. Imported as `@banyan/identity/testing`.
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { writeFileAtomically } from './atomic-file.ts';
import { CertificateAuthority } from './certificate-authority.ts';
import { assembleCredentials, certificateToPem, type Credentials } from './credentials.ts';
import { IdentityStore } from './identity-store.ts';
import { generateNodeKey, generateTokenKey, privateKeyToPem, publicKeyToSpki } from './keys.ts';
import { drawSalt, nodeId } from './node-id.ts';
import type { Role } from './role.ts';
import { toTokenJwk, type TokenKeySet } from './token-keys.ts';
import { TokenSigner } from './token-signer.ts';

/** What a test member is to be; everything may be left out. */
export interface TestMember {
  /** `node` when left out. */
  readonly role?: Role;
  /** `localhost`, `127.0.0.1` and `::1` when left out. */
  readonly addresses?: readonly string[];
  /** Wall ms of the signing; now when left out. */
  readonly now?: number;
  /** Length of validity; may be negative for one that has expired. */
  readonly lifetimeMs?: number;
}

/** An authority for one test file. */
export interface TestAuthority {
  readonly authority: CertificateAuthority;
  /** The trust anchor, PEM. */
  readonly pem: string;
  /** Credentials of a new member, about 5 ms each. */
  issue(member?: TestMember): Promise<Credentials>;
  /** A data directory of a process that has enrolled before, with the token keys on disk: it starts without auth. */
  provision(dataDir: string, member?: TestMember): Promise<Credentials>;
  /** The set that verifies this authority's tokens. */
  readonly tokenKeys: TokenKeySet;
  /** A token for `scopes`; an hour long, or expired when `lifetimeMs` is negative. */
  token(subject: string, scopes: readonly string[], lifetimeMs?: number): Promise<string>;
}

/** A fresh authority; the first call of a process takes 0.1 s. */
export async function mintTestAuthority(): Promise<TestAuthority> {
  const authority = await CertificateAuthority.create(Date.now());
  const signer = await TokenSigner.create(generateTokenKey());
  const tokenKeys = await publishKey(authority, signer);
  return {
    authority,
    pem: authority.pem,
    issue: (member = {}) => issueMember(authority, generateNodeKey(), member),
    provision: async (dataDir, member = {}) => {
      const store = await IdentityStore.open(dataDir);
      const credentials = await issueMember(authority, await store.privateKey(), member);
      await store.save(credentials);
      await writeFileAtomically(join(dataDir, 'token-keys.json'), JSON.stringify(tokenKeys));
      return credentials;
    },
    tokenKeys,
    token: async (subject, scopes, lifetimeMs = 3_600_000) => (await signer.sign({ subject, scopes, now: Date.now(), lifetimeMs })).token,
  };
}

async function publishKey(authority: CertificateAuthority, signer: TokenSigner): Promise<TokenKeySet> {
  const publicKey = publicKeyToSpki(signer.publicKey);
  const salt = drawSalt();
  const { der } = await authority.issue({ id: nodeId(publicKey, salt), salt, role: 'tokens', addresses: [], publicKey, now: Date.now() });
  return { keys: [toTokenJwk(signer.publicKey, signer.keyId, der)] };
}

async function issueMember(authority: CertificateAuthority, key: KeyObject, member: TestMember): Promise<Credentials> {
  const { role = 'node', addresses = ['localhost', '127.0.0.1', '::1'], now = Date.now(), lifetimeMs } = member;
  const publicKey = publicKeyToSpki(key);
  const salt = drawSalt();
  const order = { id: nodeId(publicKey, salt), salt, role, addresses, publicKey, now };
  const { der } = await authority.issue(lifetimeMs === undefined ? order : { ...order, lifetimeMs });
  const credentials = assembleCredentials({ key: privateKeyToPem(key), certificate: certificateToPem(der), authority: authority.pem });
  if (credentials === undefined) throw new Error('a minted member belongs to its authority');
  return credentials;
}
