// The three places a setting may come from. Each is read whole: what is unknown or unreadable in it becomes a fault,
// and reading goes on, so that all faults are told together.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ConfigFault } from './config-error.ts';
import type { Setting } from './setting.ts';

/** A value and where it was said. */
export interface Said {
  readonly where: string;
  readonly value: unknown;
}

/** What one source says, by key of the schema. */
export interface SourceReading {
  readonly said: ReadonlyMap<string, Said>;
  readonly faults: readonly ConfigFault[];
}

/** What the flags say, and what they ask for besides settings. */
export interface FlagReading extends SourceReading {
  /** The value of `--config`. */
  readonly file: string | undefined;
  readonly asksHelp: boolean;
  readonly asksCheck: boolean;
}

/**
 * Variables that begin like settings but steer the process itself: the file to read, whether the end of stdin stops
 * it, and where it records its inputs. They are no settings, so they are not in the effective configuration.
 */
export const PROCESS_VARIABLES: ReadonlySet<string> = new Set(['BANYAN_CONFIG', 'BANYAN_STOP_WITH_STDIN', 'BANYAN_RECORD']);

const FILE_FLAG = '--config';
const ASKING_FLAGS: ReadonlySet<string> = new Set(['--help', '--check-config']);

/** Reads `--name value`, `--name=value` and, for booleans, `--name` alone. A list may be repeated or have commas. */
export function readFlags(settings: readonly Setting[], argv: readonly string[]): FlagReading {
  const byFlag = new Map(settings.map((setting) => [setting.flag, setting]));
  const said = new Map<string, Said>();
  const faults: ConfigFault[] = [];
  let file: string | undefined;
  const asked = new Set<string>();
  for (let at = 0; at < argv.length; at++) {
    const { flag, text: own } = splitFlag(argv[at] ?? '');
    const setting = byFlag.get(flag);
    if (ASKING_FLAGS.has(flag)) {
      asked.add(flag);
    } else if (setting === undefined && flag !== FILE_FLAG) {
      faults.push({ where: flag.startsWith('--') ? `flag ${flag}` : `argument ${flag}`, what: 'is unknown' });
    } else {
      const next = own === undefined && isValueOf(setting, argv[at + 1]) ? argv[++at] : undefined;
      const text = own ?? next ?? (setting?.kind === 'boolean' ? 'true' : undefined);
      if (text === undefined) faults.push({ where: `flag ${flag}`, what: 'needs a value' });
      else if (setting === undefined) file = text;
      else addFlag(said, setting, text);
    }
  }
  return { said, faults, file, asksHelp: asked.has('--help'), asksCheck: asked.has('--check-config') };
}

/** Reads the variables that begin with `BANYAN_`; all others belong to somebody else. An empty one says nothing. */
export function readVariables(settings: readonly Setting[], env: Readonly<Record<string, string | undefined>>): SourceReading {
  const byVariable = new Map(settings.map((setting) => [setting.variable, setting]));
  const said = new Map<string, Said>();
  const faults: ConfigFault[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('BANYAN_') || PROCESS_VARIABLES.has(name) || text === undefined || text === '') continue;
    const setting = byVariable.get(name);
    if (setting === undefined) faults.push({ where: `variable ${name}`, what: 'is unknown' });
    else said.set(setting.key, { where: `variable ${name}`, value: parseText(setting, text) });
  }
  return { said, faults };
}

/** Reads a YAML or JSON file of keys as the schema spells them; `path` is relative to `cwd`. */
export async function readConfigFile(settings: readonly Setting[], path: string, cwd: string): Promise<SourceReading> {
  const where = `file ${path}`;
  const said = new Map<string, Said>();
  let content: unknown;
  try {
    const text = await readFile(resolve(cwd, path), 'utf8');
    // The YAML parser is loaded only when a file needs it: most processes are configured by flags.
    content = path.endsWith('.json') ? JSON.parse(text) : (await import('yaml')).parse(text);
  } catch (error) {
    return { said, faults: [{ where, what: `cannot be read: ${error instanceof Error ? error.message : String(error)}` }] };
  }
  if (content === null || content === undefined) return { said, faults: [] };
  if (typeof content !== 'object' || Array.isArray(content)) return { said, faults: [{ where, what: 'must hold keys and values' }] };
  const known = new Set(settings.map((setting) => setting.key));
  const faults: ConfigFault[] = [];
  for (const [key, value] of Object.entries(content)) {
    if (known.has(key)) said.set(key, { where: `${where}, key ${key}`, value });
    else faults.push({ where, what: `key ${key} is unknown` });
  }
  return { said, faults };
}

function splitFlag(argument: string): { readonly flag: string; readonly text: string | undefined } {
  const equals = argument.indexOf('=');
  return equals < 0 ? { flag: argument, text: undefined } : { flag: argument.slice(0, equals), text: argument.slice(equals + 1) };
}

// Whether the argument after a flag is its value; after a boolean only `true` and `false` are.
function isValueOf(setting: Setting | undefined, next: string | undefined): boolean {
  if (next === undefined || next.startsWith('--')) return false;
  return setting?.kind !== 'boolean' || next === 'true' || next === 'false';
}

function addFlag(said: Map<string, Said>, setting: Setting, text: string): void {
  const before = said.get(setting.key)?.value;
  const value = parseText(setting, text);
  const joined = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value;
  said.set(setting.key, { where: `flag ${setting.flag}`, value: joined });
}

// What is not a number or a boolean stays text: the schema then refuses it and the fault names the place.
function parseText(setting: Setting, text: string): unknown {
  switch (setting.kind) {
    case 'number':
      return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'list':
      return text.split(',').map((item) => item.trim()).filter((item) => item !== '');
    case 'text':
      return text;
  }
}
