// For the specs of services: a service started inside the spec's process, from flags, in a directory of its own.
// Imported as `@banyan/service-kit/testing`.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { loadConfig, type LoadedConfig } from '@banyan/config';
import { NO_LOGGER, type Logger } from '@banyan/telemetry';
import type { ServiceDefinition } from './service-definition.ts';
import type { ServiceSettings } from './service-settings.ts';
import { startService, type RunningService } from './start-service.ts';

/** How a spec starts a service. */
export interface TestStart {
  /** Flags; `--data-dir` is a fresh one when left out. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Silent when left out. */
  readonly logger?: Logger;
}

/** A service that listens on free ports of this host. Rejects as its start does, and with ConfigError. */
export async function startTestService<Schema extends z.ZodObject>(definition: ServiceDefinition<Schema>, start: TestStart = {}): Promise<RunningService> {
  const { flags = [], env = {}, logger = NO_LOGGER } = start;
  const directory = mkdtempSync(join(tmpdir(), `banyan-${definition.service}-`));
  const argv = flags.includes('--data-dir') ? flags : ['--data-dir', directory, ...flags];
  const read = () => loadConfig(definition.schema, { argv, env, cwd: directory });
  const loaded = await read();
  if (loaded.type !== 'run') throw new TypeError('a spec starts a service to run');
  const config = loaded.config as z.infer<Schema> & ServiceSettings;
  return startService(definition, { config, effective: loaded.effective, env, logger, read: read as () => Promise<LoadedConfig<typeof config>> });
}

export { startSmallAuth } from './small-auth.ts';
export { freshDirectory, provisionMember, ServiceUnderTest, sweepDirectories } from './service-under-test.ts';
