import type { Setting } from './setting.ts';

/** What became of a configuration that was read again while the process runs. */
export interface ConfigChanges {
  /** Keys that the running process can take over. */
  readonly reloadable: readonly string[];
  /** Keys that take effect at the next start only. */
  readonly fixed: readonly string[];
}

/** The keys whose values differ, by whether a running process can take them over. */
export function configChanges(settings: readonly Setting[], before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): ConfigChanges {
  const changed = settings.filter(({ key }) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
  return { reloadable: changed.filter(({ isReloadable }) => isReloadable).map(({ key }) => key), fixed: changed.filter(({ isReloadable }) => !isReloadable).map(({ key }) => key) };
}
