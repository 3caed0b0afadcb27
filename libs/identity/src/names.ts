import { createHash } from 'node:crypto';
import { idFromBytes, type Id } from '@banyan/ids';

/** Characters of a group's name at least and at most. */
export const GROUP_NAME_MIN = 3;
export const GROUP_NAME_MAX = 200;
/** Characters of a subject at most. */
export const SUBJECT_MAX = 64;

const SEGMENT = /^[a-z0-9._-]+$/;
const SUBJECT = /^[a-z0-9][a-z0-9._-]*$/;

/** Why a text is no group name, as one sentence for its author; undefined when it is one. */
export function groupNameFault(name: string): string | undefined {
  if (name.length < GROUP_NAME_MIN || name.length > GROUP_NAME_MAX) {
    return `a group name has ${GROUP_NAME_MIN} to ${GROUP_NAME_MAX} characters, this one has ${name.length}`;
  }
  const segments = name.split('/');
  if (segments.length < 2) return 'a group name is owner/segment/…, with at least one slash';
  if (!isSubject(segments[0] ?? '')) return `the owner (before the first slash) begins with a letter or digit and has at most ${SUBJECT_MAX} characters`;
  if (segments.includes('')) return 'a group name has no empty segment';
  if (!segments.every((segment) => SEGMENT.test(segment))) return 'a group name has only a-z, 0-9, dot, underscore, hyphen and slash';
  if (segments.some((segment) => segment === '.' || segment === '..')) return 'a segment of a group name is not . or ..';
  return undefined;
}

/** True when `name` is `owner/segment/…`: 3 to 200 characters of [a-z0-9._-] and slashes. */
export function isGroupName(name: string): boolean {
  return groupNameFault(name) === undefined;
}

/** `name`, or when it has no slash the caller's own group of that name: `subject/name`. The result may still be invalid. */
export function completeGroupName(name: string, subject: string): string {
  return name.includes('/') ? name : `${subject}/${name}`;
}

/** The owner of a valid group name: its first segment. */
export function ownerOfGroup(name: string): string {
  return name.slice(0, name.indexOf('/'));
}

/** True when `text` may be the subject of a token: a letter or digit, then up to 63 of [a-z0-9._-]. */
export function isSubject(text: string): boolean {
  return text.length <= SUBJECT_MAX && SUBJECT.test(text);
}

/** The key of a valid group name: the first 128 bits of SHA-256(owner, 0x00, name). */
export function groupKey(name: string): Id {
  return idFromBytes(createHash('sha256').update(ownerOfGroup(name)).update('\0').update(name).digest());
}

/** The key of any name: the first 128 bits of the SHA-256 of its UTF-8. */
export function keyOfName(name: string): Id {
  return idFromBytes(createHash('sha256').update(name, 'utf8').digest());
}
