// Group descriptors travel signed, so that a node checks one without asking anybody. This room sees their bytes only:
// what stands in them is the business of multicast and proto.
import { createHash, X509Certificate } from 'node:crypto';
import { BoundedCache } from './bounded-cache.ts';
import type { Credentials } from './credentials.ts';
import { signBytes, verifyBytes } from './keys.ts';
import { issuedPeer, type PeerIdentity } from './peer-identity.ts';

const DESCRIPTOR_CONTEXT = Buffer.from('banyan group descriptor v1\0', 'latin1');
// As many groups as a node is in at once, several times over.
const VERDICTS_MAX = 8_192;

/** A descriptor as it travels. */
export interface SignedDescriptor {
  /** The encoded descriptor. */
  readonly descriptor: Uint8Array;
  /** The certificate key's signature over `banyan group descriptor v1`, a zero byte, and `descriptor`. */
  readonly signature: Uint8Array;
  /** The signer's certificate, DER. */
  readonly certificate: Uint8Array;
}

/** What is wrong with a signed descriptor: its signer is no tree builder of this overlay, was revoked, or did not sign this. */
export type DescriptorFault = 'UNKNOWN_SIGNER' | 'SIGNER_REVOKED' | 'SIGNATURE_WRONG';

/** What a verifier says of a descriptor. */
export type DescriptorVerdict = { readonly type: 'verified'; readonly signer: PeerIdentity } | { readonly type: 'fault'; readonly code: DescriptorFault };

/** Signs an encoded descriptor with a tree builder's credentials. */
export function signDescriptor(descriptor: Uint8Array, builder: Credentials): SignedDescriptor {
  return { descriptor, signature: signBytes(builder.privateKey, messageOf(descriptor)), certificate: builder.certificateDer };
}

/**
 * Checks signed descriptors against one authority; synchronous, about 0.2 ms at the first look and a hash later.
 * The validity of the certificate in time is not asked: a group may live longer than the certificate it was signed
 * with, also while the tree builder is down. What ends a signer is revocation.
 */
export class DescriptorVerifier {
  readonly #authority: X509Certificate;
  readonly #verdicts = new BoundedCache<DescriptorVerdict>(VERDICTS_MAX);

  /** `authority` is PEM; `isRevoked` is asked at every look. */
  constructor(
    authority: string,
    private readonly isRevoked: (signer: PeerIdentity) => boolean = () => false,
  ) {
    this.#authority = new X509Certificate(authority);
  }

  /** Whether a tree builder of this overlay signed exactly these bytes. Never throws because of what they hold. */
  verify(signed: SignedDescriptor): DescriptorVerdict {
    const digest = digestOf(signed);
    const verdict = this.#verdicts.get(digest) ?? this.#judge(signed);
    this.#verdicts.set(digest, verdict);
    return verdict.type === 'verified' && this.isRevoked(verdict.signer) ? { type: 'fault', code: 'SIGNER_REVOKED' } : verdict;
  }

  #judge(signed: SignedDescriptor): DescriptorVerdict {
    const signer = issuedPeer(signed.certificate, this.#authority);
    if (signer?.role !== 'builder') return { type: 'fault', code: 'UNKNOWN_SIGNER' };
    const isSigned = verifyBytes(signer.publicKey, messageOf(signed.descriptor), signed.signature);
    return isSigned ? { type: 'verified', signer } : { type: 'fault', code: 'SIGNATURE_WRONG' };
  }
}

function messageOf(descriptor: Uint8Array): Uint8Array {
  return Buffer.concat([DESCRIPTOR_CONTEXT, descriptor]);
}

// Lengths keep two triples with the same concatenation apart.
function digestOf({ descriptor, signature, certificate }: SignedDescriptor): string {
  const hash = createHash('sha256').update(`${descriptor.length},${signature.length},`);
  return hash.update(descriptor).update(signature).update(certificate).digest('base64');
}
