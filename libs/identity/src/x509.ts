// The one door to @peculiar/x509. It is loaded when first needed: a running node only reads certificates, which
// node:crypto does, and the library would cost it 18 MB and 0.1 s.
import { webcrypto, type KeyObject } from 'node:crypto';

export type X509 = typeof import('@peculiar/x509');

/** Signature and key algorithm, in the words of Web Crypto. */
export type SigningAlgorithm = { readonly name: 'Ed25519' } | { readonly name: 'ECDSA'; readonly namedCurve: 'P-256'; readonly hash: 'SHA-256' };

const ED25519: SigningAlgorithm = { name: 'Ed25519' };
const P256: SigningAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

let loading: Promise<X509> | undefined;

/** The library, set up with node's own cryptography. */
export function loadX509(): Promise<X509> {
  loading ??= load();
  return loading;
}

/** What `key` signs with. */
export function signingAlgorithm(key: KeyObject): SigningAlgorithm {
  return key.asymmetricKeyType === 'ed25519' ? ED25519 : P256;
}

/** `key` in the form of Web Crypto. */
export function toCryptoKey(key: KeyObject): webcrypto.CryptoKey {
  return key.toCryptoKey(signingAlgorithm(key), true, [key.type === 'public' ? 'verify' : 'sign']);
}

async function load(): Promise<X509> {
  await import('reflect-metadata'); // the library's own container wants it
  const library = await import('@peculiar/x509');
  library.cryptoProvider.set(webcrypto as unknown as Parameters<typeof library.cryptoProvider.set>[0]);
  return library;
}
