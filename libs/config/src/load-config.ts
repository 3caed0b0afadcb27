import type { z } from 'zod';
import { ConfigError, type ConfigFault } from './config-error.ts';
import { configDigest, effectiveConfig, type EffectiveConfig } from './effective.ts';
import { helpText } from './help.ts';
import { settingsOf, type Setting } from './setting.ts';
import { readConfigFile, readFlags, readVariables, type Said } from './source.ts';

/** What a configuration is read from; a process hands in its own, a test whatever it likes. */
export interface ConfigSources {
  /** Arguments without the program. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What relative paths of files are relative to. */
  readonly cwd: string;
  /** The name shown by `--help`. */
  readonly program?: string;
}

/** What was asked of a process by its configuration. */
export type LoadedConfig<Config> =
  | { readonly type: 'run'; readonly config: Config; readonly effective: EffectiveConfig; readonly digest: string }
  /** `--check-config`: the configuration is good, and nothing else was wanted. */
  | { readonly type: 'checked'; readonly effective: EffectiveConfig; readonly digest: string }
  /** `--help`. */
  | { readonly type: 'help'; readonly text: string };

/**
 * The configuration of a process: flag before variable (`BANYAN_…`) before file (`--config`, `BANYAN_CONFIG`) before
 * the schema's defaults. Keys nobody knows are refused in every source.
 * Throws ConfigError with all faults of all sources.
 */
export async function loadConfig<Schema extends z.ZodObject>(schema: Schema, sources: ConfigSources): Promise<LoadedConfig<z.infer<Schema>>> {
  const settings = settingsOf(schema);
  const flags = readFlags(settings, sources.argv);
  if (flags.asksHelp) return { type: 'help', text: helpText(sources.program ?? 'banyan', settings) };
  const variables = readVariables(settings, sources.env);
  const path = flags.file ?? nonEmpty(sources.env['BANYAN_CONFIG']);
  const file = path === undefined ? { said: new Map<string, Said>(), faults: [] } : await readConfigFile(settings, path, sources.cwd);
  const said = new Map([...file.said, ...variables.said, ...flags.said]);
  const parsed = schema.safeParse(Object.fromEntries([...said].map(([key, { value }]) => [key, value])));
  const faults = [...flags.faults, ...variables.faults, ...file.faults, ...schemaFaults(settings, said, parsed.error)];
  if (faults.length > 0 || !parsed.success) throw new ConfigError(faults);
  const effective = effectiveConfig(settings, parsed.data);
  const digest = configDigest(effective);
  return flags.asksCheck ? { type: 'checked', effective, digest } : { type: 'run', config: parsed.data, effective, digest };
}

function schemaFaults(settings: readonly Setting[], said: ReadonlyMap<string, Said>, error: z.ZodError | undefined): readonly ConfigFault[] {
  return (error?.issues ?? []).map((issue) => {
    const [key, ...inner] = issue.path.map(String);
    const setting = settings.find((candidate) => candidate.key === key);
    const source = said.get(key ?? '');
    if (setting !== undefined && source === undefined && setting.isRequired) {
      return { where: `setting ${setting.key}`, what: `is required: give ${setting.flag} or ${setting.variable}` };
    }
    const place = inner.length === 0 ? '' : `item ${inner.join('.')} `;
    return { where: source?.where ?? `setting ${key ?? ''}`, what: `${place}${issue.message}` };
  });
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
