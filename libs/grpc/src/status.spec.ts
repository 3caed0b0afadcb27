import { Metadata, status as codes, type ServiceError } from '@grpc/grpc-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OverlayError } from './overlay-error.ts';
import { isReason, reasons, type Reason } from './reasons.ts';
import { decodeRpcStatus } from './rpc-status.ts';
import { parseStatus, toServiceError } from './status.ts';

/** The error as a client meets it: grpc-js makes a new one from code, details and metadata. */
function received(error: unknown): ServiceError {
  const { code, details, metadata } = toServiceError(error);
  return Object.assign(new Error(`${code} ${details}`), { code, details, metadata });
}

describe('the table of reasons', () => {
  it('names every reason in upper snake case and says in whole sentences what and mend', () => {
    for (const [reason, entry] of Object.entries(reasons)) {
      expect(reason).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
      expect(codes[entry.code], reason).toBeTypeOf('number');
      expect(entry.http, reason).toBeGreaterThanOrEqual(400);
      expect(entry.what, reason).toMatch(/\.$/);
      expect(entry.mend, reason).toMatch(/\.$/);
    }
  });

  it('does not take inherited names for reasons', () => {
    expect(isReason('GAP')).toBe(true);
    expect(isReason('toString')).toBe(false);
  });
});

describe('toServiceError and parseStatus', () => {
  it('carry every reason with message, metadata and retry time to the client and back', () => {
    const anyReason = fc.constantFrom(...(Object.keys(reasons) as Reason[]));
    const anyMetadata = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ maxLength: 40 }), { noNullPrototype: true, maxKeys: 8 });
    fc.assert(
      fc.property(anyReason, fc.string(), anyMetadata, fc.option(fc.nat(86_400_000), { nil: undefined }), (reason, message, metadata, retryAfterMs) => {
        const back = parseStatus(received(new OverlayError(reason, message, metadata, retryAfterMs === undefined ? {} : { retryAfterMs })));
        expect(back).toMatchObject({ reason, message, metadata, retryAfterMs });
      }),
      { seed: 1 },
    );
  });

  it('tells nothing about an error that is not ours', () => {
    const back = received(new Error('password is hunter2'));
    expect(back.code).toBe(codes.INTERNAL);
    expect(JSON.stringify(back.metadata.getMap())).not.toContain('hunter2');
    expect(parseStatus(back).reason).toBe('INTERNAL');
  });

  it('judges an error without details by its code', () => {
    const refused = Object.assign(new Error('14 UNAVAILABLE'), { code: codes.UNAVAILABLE, details: 'No connection established', metadata: new Metadata() });
    expect(parseStatus(refused)).toMatchObject({ reason: 'UNREACHABLE', message: 'No connection established' });
  });

  it.each(['unable to verify the first certificate; if the root CA is installed locally', 'certificate has expired', "Hostname/IP does not match certificate's altnames: Host: b"])(
    'tells a server that is not trusted from one that is not there: %s',
    (fault) => {
      const details = `No connection established. Last error: Error: ${fault}. Resolution note: `;
      const refused = Object.assign(new Error(details), { code: codes.UNAVAILABLE, details, metadata: new Metadata() });
      expect(parseStatus(refused)).toMatchObject({ reason: 'CERTIFICATE_UNTRUSTED', message: expect.not.stringContaining('Resolution') as string });
    },
  );

  it('ignores a reason of another domain and details that are garbage', () => {
    const garbage = new Metadata();
    garbage.set('grpc-status-details-bin', Buffer.from([255, 255, 255, 255, 1, 2, 3]));
    expect(parseStatus(Object.assign(new Error('x'), { code: codes.NOT_FOUND, details: 'x', metadata: garbage })).reason).toBe('INTERNAL');
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeRpcStatus(bytes)), { seed: 1 });
  });
});
