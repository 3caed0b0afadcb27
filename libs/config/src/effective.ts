import { createHash } from 'node:crypto';
import type { Setting } from './setting.ts';

/** A configuration as it may be shown: keys sorted, secrets replaced by `(hidden)`. */
export type EffectiveConfig = Readonly<Record<string, unknown>>;

/** What a process runs with, fit to be shown to anyone. */
export function effectiveConfig(settings: readonly Setting[], config: Readonly<Record<string, unknown>>): EffectiveConfig {
  const secrets = new Set(settings.filter((setting) => setting.isSecret).map((setting) => setting.key));
  const shown = Object.keys(config).sort().map((key) => [key, secrets.has(key) ? '(hidden)' : config[key]]);
  return Object.fromEntries(shown);
}

/** 16 hex digits; processes with equal effective configurations have equal digests. Secrets do not take part. */
export function configDigest(effective: EffectiveConfig): string {
  return createHash('sha256').update(JSON.stringify(effective)).digest('hex').slice(0, 16);
}
