import { OverlayError } from '@banyan/grpc';
import { matchesGroup, prefixOfPattern } from '@banyan/identity';
import type { GroupRecord } from './group-store.ts';
import type { Groups } from './groups.ts';

/** Groups that one pattern may mean. */
export const MATCHES_MAX = 1_000;
const PAGE = 1_000;
// Another builder on the same database may have made or deleted a group.
const LOOK_EVERY_MS = 5_000;

/** What changed among the groups that a pattern means. */
export interface GroupChanges {
  readonly came: readonly GroupRecord[];
  readonly gone: readonly string[];
}

/**
 * The groups that a pattern means and that are `isVisible`: all at first, even when there are none, then what changes, until
 * `signal` is aborted. A group that was deleted and made again has gone and come. Throws PATTERN_TOO_WIDE.
 */
export async function* matchingGroups(groups: Groups, pattern: string, isVisible: (name: string) => boolean, signal: AbortSignal): AsyncGenerator<GroupChanges> {
  let wake = (): void => undefined;
  let hasChanged = true;
  const look = (): void => {
    hasChanged = true;
    wake();
  };
  const unwatch = groups.watch(look);
  const looking = setInterval(look, LOOK_EVERY_MS).unref();
  signal.addEventListener('abort', look);
  let known: ReadonlyMap<string, GroupRecord> | undefined;
  try {
    while (!signal.aborted) {
      hasChanged = false;
      const now = await matching(groups, pattern, isVisible);
      const came = [...now.values()].filter(({ name, version }) => known?.get(name)?.version !== version);
      const gone = [...(known?.keys() ?? [])].filter((name) => !now.has(name));
      if (known === undefined || came.length + gone.length > 0) yield { came, gone };
      known = now;
      if (!hasChanged) await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    clearInterval(looking);
    unwatch();
  }
}

async function matching(groups: Groups, pattern: string, isVisible: (name: string) => boolean): Promise<Map<string, GroupRecord>> {
  const found = new Map<string, GroupRecord>();
  const prefix = prefixOfPattern(pattern);
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: Awaited<ReturnType<Groups['list']>> = await groups.list({ prefix, after, limit: PAGE }, (name) => matchesGroup(pattern, name) && isVisible(name));
    for (const group of page.groups) found.set(group.name, group);
    if (found.size > MATCHES_MAX) throw new OverlayError('PATTERN_TOO_WIDE', `${pattern} means more than ${MATCHES_MAX} groups`, { pattern });
    after = page.next;
  }
  return found;
}
