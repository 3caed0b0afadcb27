import { GROUP_NAME_MAX, isSubject } from './names.ts';

const SEGMENT = /^[a-z0-9._-]+$/;

/**
 * Why a text is no pattern of group names, as one sentence; undefined when it is one. `owner/segment/…`, where a segment `*`
 * means any one segment, and a last segment `>` any number of them, at least one. The owner is written out.
 */
export function groupPatternFault(pattern: string): string | undefined {
  const segments = pattern.split('/');
  if (pattern.length > GROUP_NAME_MAX) return `a pattern has ${GROUP_NAME_MAX} characters at most`;
  if (segments.length < 2 || !isSubject(segments[0] ?? '')) return 'a pattern begins with the owner of the groups and a slash';
  if (segments.slice(0, -1).includes('>')) return '> stands only at the end of a pattern';
  if (!segments.slice(1).every((segment) => segment === '*' || segment === '>' || SEGMENT.test(segment))) return 'a segment of a pattern is a name, * for any one, or > for all that follow';
  return undefined;
}

/** True when a valid pattern means the group of this name. */
export function matchesGroup(pattern: string, name: string): boolean {
  const wanted = pattern.split('/');
  const segments = name.split('/');
  if (wanted.at(-1) === '>') {
    const fixed = wanted.slice(0, -1);
    return segments.length > fixed.length && fixed.every((segment, i) => segment === '*' || segment === segments[i]);
  }
  return segments.length === wanted.length && wanted.every((segment, i) => segment === '*' || segment === segments[i]);
}

/** What every name that the pattern means begins with. */
export function prefixOfPattern(pattern: string): string {
  const at = pattern.search(/[*>]/);
  return at < 0 ? pattern : pattern.slice(0, at);
}
