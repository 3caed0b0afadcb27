/**
 * What a certificate is for: a ring member, one of the services, or the key that signs tokens.
 * `auth` and `tokens` are the auth service's own and cannot be enrolled for.
 */
export type Role = 'node' | 'bootstrap' | 'builder' | 'auth' | 'tokens';

/** The roles one can enroll for. */
export const ENROLLED_ROLES = ['node', 'bootstrap', 'builder'] as const satisfies readonly Role[];
export type EnrolledRole = (typeof ENROLLED_ROLES)[number];

const ROLES: readonly string[] = [...ENROLLED_ROLES, 'auth', 'tokens'] satisfies readonly Role[];

/** True when `text` names a role. */
export function isRole(text: string): text is Role {
  return ROLES.includes(text);
}

/** True when `text` names a role that one can enroll for. */
export function isEnrolledRole(text: string): text is EnrolledRole {
  return (ENROLLED_ROLES as readonly string[]).includes(text);
}
