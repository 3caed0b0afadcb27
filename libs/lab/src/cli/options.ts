import { parseArgs } from 'node:util';
import { LabFault } from './fault.ts';

interface Described {
  readonly describe: string;
}

/** One command-line option; its kind decides how the text is read. */
export type Option =
  | (Described & { readonly kind: 'whole'; readonly min: number; readonly max: number; readonly default: number })
  | (Described & { readonly kind: 'number'; readonly min: number; readonly max: number; readonly default: number })
  | (Described & { readonly kind: 'fraction'; readonly default: number })
  | (Described & { readonly kind: 'text'; readonly placeholder: string; readonly default: string })
  | (Described & { readonly kind: 'file' })
  | (Described & { readonly kind: 'switch' });

export type Options = Readonly<Record<string, Option>>;

/** What parsing gives for each option; a file not named is undefined. */
export type Values<O extends Options> = {
  readonly [N in keyof O]: O[N] extends { readonly kind: 'whole' | 'number' | 'fraction' }
    ? number
    : O[N] extends { readonly kind: 'switch' }
      ? boolean
      : O[N] extends { readonly kind: 'file' }
        ? string | undefined
        : string;
};

/** Reads flags and positional words by `options`; every fault is a usage fault that names the flag. */
export function parseOptions<O extends Options>(
  options: O,
  args: readonly string[],
): { readonly values: Values<O>; readonly positionals: readonly string[] } {
  const parsed = parseStrictly(options, args);
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(options)) values[name] = valueOf(name, option, parsed.values[name]);
  return { values: values as Values<O>, positionals: parsed.positionals };
}

/** The options as help text, one a line. */
export function describeOptions(options: Options): string {
  const rows = Object.entries(options).map(([name, option]) => [`  --${name}${argumentOf(option)}`, describe(option)] as const);
  const width = Math.max(0, ...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => left.padEnd(width) + right).join('\n');
}

function parseStrictly(options: Options, args: readonly string[]): { readonly values: Record<string, unknown>; readonly positionals: string[] } {
  const types = Object.fromEntries(
    Object.entries(options).map(([name, { kind }]) => [name, { type: kind === 'switch' ? ('boolean' as const) : ('string' as const) }]),
  );
  try {
    return parseArgs({ args: [...args], options: types, strict: true, allowPositionals: true });
  } catch (cause) {
    // Node's own sentence names the flag; what follows the first period is advice about positionals.
    const sentence = cause instanceof Error ? (cause.message.split(/\.\s/)[0] ?? cause.message) : String(cause);
    throw new LabFault(sentence, { usage: true, cause });
  }
}

function valueOf(name: string, option: Option, text: unknown): unknown {
  switch (option.kind) {
    case 'switch':
      return text === true;
    case 'whole':
      return text === undefined ? option.default : wholeNumber(name, option, String(text));
    case 'number':
      return text === undefined ? option.default : realNumber(name, option, String(text));
    case 'fraction':
      return text === undefined ? option.default : fraction(name, String(text));
    case 'file':
      return text === undefined ? undefined : nonEmpty(name, String(text));
    case 'text':
      return text === undefined ? option.default : nonEmpty(name, String(text));
  }
}

function wholeNumber(name: string, { min, max }: { readonly min: number; readonly max: number }, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new LabFault(`--${name}: '${text}' is not a whole number from ${min} to ${max}`, { usage: true });
}

function realNumber(name: string, { min, max }: { readonly min: number; readonly max: number }, text: string): number {
  const value = Number(text);
  if (/^(\d+\.?\d*|\.\d+)$/.test(text) && value >= min && value <= max) return value;
  throw new LabFault(`--${name}: '${text}' is not a number from ${min} to ${max}`, { usage: true });
}

function fraction(name: string, text: string): number {
  const value = Number(text);
  if (/^(0|1|0?\.\d+|1\.0+)$/.test(text)) return value;
  throw new LabFault(`--${name}: '${text}' is not a number from 0 to 1`, { usage: true });
}

function nonEmpty(name: string, text: string): string {
  if (text !== '') return text;
  throw new LabFault(`--${name}: the value is empty`, { usage: true });
}

function argumentOf(option: Option): string {
  switch (option.kind) {
    case 'switch':
      return '';
    case 'whole':
      return ' N';
    case 'number':
    case 'fraction':
      return ' F';
    case 'file':
      return ' FILE';
    case 'text':
      return ` ${option.placeholder}`;
  }
}

function describe(option: Option): string {
  return 'default' in option ? `${option.describe} (default ${option.default})` : option.describe;
}
