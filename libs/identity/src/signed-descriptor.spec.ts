import { beforeAll, describe, expect, it } from 'vitest';
import type { Credentials } from './credentials.ts';
import { DescriptorVerifier, signDescriptor } from './signed-descriptor.ts';
import { mintTestAuthority, type TestAuthority } from './testing.ts';

const descriptor = Buffer.from('a descriptor');
let ours: TestAuthority;
let builder: Credentials;
let verifier: DescriptorVerifier;

beforeAll(async () => {
  ours = await mintTestAuthority();
  builder = await ours.issue({ role: 'builder' });
  verifier = new DescriptorVerifier(ours.pem);
});

describe('DescriptorVerifier', () => {
  it('verifies what a tree builder of the overlay signed', () => {
    const verdict = verifier.verify(signDescriptor(descriptor, builder));
    expect(verdict).toMatchObject({ type: 'verified', signer: { id: builder.identity.id } });
  });

  it('answers alike the second time', () => {
    const signed = signDescriptor(descriptor, builder);
    expect(verifier.verify(signed)).toBe(verifier.verify(signed));
  });

  it('finds other bytes under the same signature', () => {
    const signed = signDescriptor(descriptor, builder);
    expect(verifier.verify({ ...signed, descriptor: Buffer.from('b descriptor') })).toEqual({ type: 'fault', code: 'SIGNATURE_WRONG' });
    expect(verifier.verify({ ...signed, signature: new Uint8Array() })).toEqual({ type: 'fault', code: 'SIGNATURE_WRONG' });
  });

  it('takes no node for a tree builder', async () => {
    const signed = signDescriptor(descriptor, await ours.issue({ role: 'node' }));
    expect(verifier.verify(signed)).toEqual({ type: 'fault', code: 'UNKNOWN_SIGNER' });
  });

  it('takes no builder of another overlay, and no rubbish', async () => {
    const foreign = await (await mintTestAuthority()).issue({ role: 'builder' });
    expect(verifier.verify(signDescriptor(descriptor, foreign))).toEqual({ type: 'fault', code: 'UNKNOWN_SIGNER' });
    expect(verifier.verify({ descriptor, signature: descriptor, certificate: descriptor })).toEqual({ type: 'fault', code: 'UNKNOWN_SIGNER' });
  });

  it('still verifies when the certificate has expired: groups outlive it', async () => {
    const old = await ours.issue({ role: 'builder', lifetimeMs: -60_000 });
    expect(verifier.verify(signDescriptor(descriptor, old))).toMatchObject({ type: 'verified' });
  });

  it('hears of a revocation at once, cached or not', () => {
    let isRevoked = false;
    const revoking = new DescriptorVerifier(ours.pem, () => isRevoked);
    const signed = signDescriptor(descriptor, builder);
    expect(revoking.verify(signed)).toMatchObject({ type: 'verified' });
    isRevoked = true;
    expect(revoking.verify(signed)).toEqual({ type: 'fault', code: 'SIGNER_REVOKED' });
  });
});
