import { parseArgs } from 'node:util';
import type { Options, Values } from './suite.ts';

/** What the caller got wrong; told in one line, exit code 2. */
export class UsageFault extends Error {}

/** Reads the flags of a suite, and `--json FILE`, which every suite has. Throws UsageFault that names the flag. */
export function parseOptions<O extends Options>(options: O, args: readonly string[]): { readonly values: Values<O>; readonly jsonFile: string | undefined; readonly asksHelp: boolean } {
  const texts = parseStrictly(options, args);
  const values = Object.fromEntries(Object.entries(options).map(([name, option]) => [name, valueOf(name, option, texts[name])]));
  const json = texts['json'];
  return { values: values as Values<O>, jsonFile: typeof json === 'string' ? json : undefined, asksHelp: texts['help'] === true };
}

/** The options as help text, one a line. */
export function describeOptions(options: Options): string {
  const rows = Object.entries(options).map(([name, option]) => [
    `  --${name} ${option.kind === 'number' ? 'N' : option.choices.join(option.kind === 'list' ? ',' : '|')}`,
    `${option.describe} (default ${String(option.default)})`,
  ] as const);
  const all = [...rows, ['  --json FILE', 'write parameters, results and cost here'] as const];
  const width = Math.max(...all.map(([left]) => left.length)) + 2;
  return all.map(([left, right]) => left.padEnd(width) + right).join('\n');
}

function parseStrictly(options: Options, args: readonly string[]): Record<string, string | boolean | undefined> {
  const flags = Object.fromEntries([...Object.keys(options), 'json'].map((name) => [name, { type: 'string' as const }]));
  try {
    return parseArgs({ args: [...args], options: { ...flags, help: { type: 'boolean' } }, strict: true }).values as Record<string, string | boolean | undefined>;
  } catch (cause) {
    throw new UsageFault(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function valueOf(name: string, option: Options[string], text: unknown): number | string | readonly string[] {
  if (text === undefined) return option.default;
  switch (option.kind) {
    case 'number': {
      const value = Number(text);
      if (Number.isSafeInteger(value) && value >= option.min) return value;
      throw new UsageFault(`--${name}: '${String(text)}' is not a whole number from ${option.min} on`);
    }
    case 'list': {
      const words = String(text) === 'none' ? [] : String(text).split(',');
      const stranger = words.find((word) => !option.choices.includes(word));
      if (stranger === undefined) return words;
      throw new UsageFault(`--${name}: '${stranger}' is none of ${option.choices.join(', ')}`);
    }
    case 'choice':
      if (option.choices.includes(String(text))) return String(text);
      throw new UsageFault(`--${name}: '${String(text)}' is none of ${option.choices.join(', ')}`);
  }
}
