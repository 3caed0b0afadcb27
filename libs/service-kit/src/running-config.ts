import { configChanges, configDigest, type EffectiveConfig, type LoadedConfig, type Setting } from '@banyan/config';
import type { Logger } from '@banyan/telemetry';

/** Told the configuration that holds from now on. Rejects when it cannot be taken over; the others are told all the same. */
export type ReloadWatcher<Config> = (config: Config) => void | Promise<void>;

/** How a reload ended, as it is counted. */
export type ReloadOutcome = 'applied' | 'refused' | 'needs_restart';

/** What a running configuration is made of. */
export interface RunningConfigParts<Config> {
  readonly settings: readonly Setting[];
  readonly config: Config;
  readonly effective: EffectiveConfig;
  /** Reads the same flags, variables and file again. */
  readonly read: () => Promise<LoadedConfig<Config>>;
  readonly logger: Logger;
}

/**
 * What a process runs with, and what of it may change while it runs: SIGHUP reads the configuration again, settings marked
 * `reloadable` and certificates on disk are taken over, of all others it is said that they wait for a restart. A configuration
 * with faults changes nothing.
 */
export class RunningConfig<Config extends Readonly<Record<string, unknown>>> {
  readonly #parts: RunningConfigParts<Config>;
  readonly #watchers: ReloadWatcher<Config>[] = [];
  #current: Config;
  #effective: EffectiveConfig;
  #reloading: Promise<ReloadOutcome> | undefined;

  constructor(parts: RunningConfigParts<Config>) {
    this.#parts = parts;
    this.#current = parts.config;
    this.#effective = parts.effective;
  }

  /** What holds now; settings that are not reloadable stay as they were at the start. */
  get current(): Config {
    return this.#current;
  }

  /** What holds now, with secrets hidden. */
  get effective(): EffectiveConfig {
    return this.#effective;
  }

  get digest(): string {
    return configDigest(this.#effective);
  }

  /** Calls `watcher` after every reload, also when no setting changed: files that settings name may have. */
  onReload(watcher: ReloadWatcher<Config>): void {
    this.#watchers.push(watcher);
  }

  /** One reload at a time; asked meanwhile, the one under way is waited for. */
  reload(): Promise<ReloadOutcome> {
    return (this.#reloading ??= this.#reload().finally(() => (this.#reloading = undefined)));
  }

  async #reload(): Promise<ReloadOutcome> {
    const { settings, read, logger } = this.#parts;
    let loaded: LoadedConfig<Config>;
    try {
      loaded = await read();
      if (loaded.type !== 'run') return 'refused';
    } catch (error) {
      logger.error({ event: 'reload_refused', error: error instanceof Error ? error.message : String(error) }, 'the configuration has faults; what ran before goes on');
      return 'refused';
    }
    const { reloadable, fixed } = configChanges(settings, this.#current, loaded.config);
    this.#current = { ...this.#current, ...picked(loaded.config, reloadable) };
    this.#effective = { ...this.#effective, ...picked(loaded.effective, reloadable) };
    const failed = await this.#tell();
    logger.info({ event: 'config_reloaded', changed: reloadable, digest: this.digest });
    if (fixed.length > 0) logger.warn({ event: 'reload_needs_restart', settings: fixed }, 'these settings take effect at the next start');
    if (failed) return 'refused';
    return fixed.length > 0 ? 'needs_restart' : 'applied';
  }

  async #tell(): Promise<boolean> {
    const outcomes = await Promise.allSettled(this.#watchers.map(async (watcher) => watcher(this.#current)));
    const faults = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []));
    for (const error of faults) this.#parts.logger.error({ event: 'reload_failed', error });
    return faults.length > 0;
  }
}

function picked<Values extends Readonly<Record<string, unknown>>>(values: Values, keys: readonly string[]): Partial<Values> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => keys.includes(key))) as Partial<Values>;
}
