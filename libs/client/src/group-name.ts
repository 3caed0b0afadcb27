import { OverlayError } from '@banyan/grpc';
import { completeGroupName, groupNameFault } from '@banyan/identity';

/** Whose groups a nameless caller means: the subject of the first token of every overlay. */
const DEFAULT_SUBJECT = 'admin';

/**
 * The full name of a group, `owner/segment/…`: a name without a slash is put under `subject`.
 * Throws GROUP_NAME_INVALID, before anything is sent.
 */
export function groupName(name: string, subject: string): string {
  const full = completeGroupName(name, subject);
  const fault = groupNameFault(full);
  if (fault !== undefined) throw new OverlayError('GROUP_NAME_INVALID', `'${name}' is no name of a group: ${fault}`, { name });
  return full;
}

/** True when the text means groups by wildcards (`news/*`, `news/>`), for `subscribeAll`. */
export function isGroupPattern(text: string): boolean {
  return text.includes('*') || text.includes('>');
}

/** The subject a token was issued to, read without checking the signature; `admin` when there is none to read. */
export function subjectOf(token: string | undefined): string {
  const payload = token?.split('.')[1];
  if (payload === undefined) return DEFAULT_SUBJECT;
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { readonly sub?: unknown };
    return typeof claims.sub === 'string' ? claims.sub : DEFAULT_SUBJECT;
  } catch {
    return DEFAULT_SUBJECT;
  }
}
