import { BoundedCache, signDescriptor, type Credentials } from '@banyan/identity';
import type { multicast } from '@banyan/proto';
import type { GroupRecord } from './group-store.ts';

const SIGNED_MAX = 4_096;

/**
 * Signs descriptors with the builder's present certificate, when they are asked for: what lies in the database outlives
 * every certificate. The same version gets the same signature again, so that whoever checked it once has it cached.
 */
export class DescriptorSigner {
  readonly #signed = new BoundedCache<multicast.SignedGroupDescriptor>(SIGNED_MAX);
  #credentials: Credentials;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  /** Signs with these from now on. */
  renew(credentials: Credentials): void {
    this.#credentials = credentials;
    this.#signed.clear();
  }

  /** The group as signed. */
  sign(group: GroupRecord): multicast.SignedGroupDescriptor {
    const version = `${group.key}.${group.version}`;
    const known = this.#signed.get(version);
    if (known !== undefined) return known;
    const signed = signDescriptor(group.descriptor, this.#credentials);
    this.#signed.set(version, signed);
    return signed;
  }
}
