// What requests may hold, before anything is asked of them.
import { z } from 'zod';
import type { EnrolledRole } from '@banyan/identity';
import { auth } from '@banyan/proto';
import { ENROLMENT_TTL_SECONDS_MAX, ENROLMENT_USES_MAX } from './enrolling/enrolment-tokens.ts';

// No key, request or signature of an accepted kind is nearly as long; no name either.
const DER_BYTES_MAX = 8_192;
const TEXT_MAX = 1_024;
const REASON_MAX = 500;

const bytes = z.instanceof(Uint8Array).refine((value) => value.length <= DER_BYTES_MAX, { error: `is longer than ${DER_BYTES_MAX} bytes` });
const text = z.string().max(TEXT_MAX);
const addresses = z.array(text);

const ROLE_NAMES: Readonly<Partial<Record<number, EnrolledRole>>> = {
  [auth.Role.NODE]: 'node',
  [auth.Role.BOOTSTRAP]: 'bootstrap',
  [auth.Role.BUILDER]: 'builder',
};

const role = z
  .number()
  .refine((value) => ROLE_NAMES[value] !== undefined, { error: 'names no role that one can enroll for' })
  .transform((value) => ROLE_NAMES[value] ?? 'node');

export const beginEnrolmentRequest = z.object({ enrolmentToken: text, publicKey: bytes });
export const enrollRequest = z.object({ enrolmentToken: text, certificateRequest: bytes, salt: bytes, possession: bytes, addresses, role });
export const renewRequest = z.object({ certificateRequest: bytes, addresses });
export const revokeRequest = z.object({ nodeId: bytes, reason: z.string().max(REASON_MAX) });
export const createEnrolmentTokenRequest = z.object({
  uses: z.number().min(1).max(ENROLMENT_USES_MAX),
  ttlSeconds: z.number().min(1).max(ENROLMENT_TTL_SECONDS_MAX),
  roles: z.array(role).transform((roles): readonly EnrolledRole[] => (roles.length === 0 ? ['node'] : [...new Set(roles)])),
});
export const issueTokenRequest = z.object({ subject: text, secret: text, scopes: z.array(text), ttlSeconds: z.number() });
export const createSubjectRequest = z.object({ subject: text, scopes: z.array(text) });
export const deleteSubjectRequest = z.object({ subject: text });
