import type { Argument, Command, Option } from 'commander';

/** What may follow in a command line, as a shell needs it. */
export interface CompletionNode {
  /** The words that lead here, without the program: `group create`; empty at the root. */
  readonly path: string;
  readonly commands: readonly Described[];
  readonly options: readonly (Described & { readonly values: Values })[];
  /** What its first argument may be. */
  readonly values: Values;
}

/** A word and what it means, one line. */
export interface Described {
  readonly word: string;
  readonly meaning: string;
}

/** What may stand for a value: one of some words, a file, a context, or something nobody can foresee; `none`: a switch. */
export type Values = { readonly type: 'words'; readonly words: readonly string[] } | { readonly type: 'file' | 'context' | 'any' | 'none' };

/** Every command below `root` (itself first), as completion sees it. `reasons` are what `errors` takes. */
export function completionNodes(root: Command, reasons: readonly string[], path: readonly string[] = []): readonly CompletionNode[] {
  const name = path.join(' ');
  const own: CompletionNode = {
    path: name,
    commands: root.commands.map((command) => ({ word: command.name(), meaning: oneLine(command.description()) })),
    options: [...root.options.flatMap(optionWords), { word: '--help', meaning: 'show how it is used', values: { type: 'none' } as const }],
    values: name === 'errors' ? { type: 'words', words: reasons } : argumentValues(name, root.registeredArguments[0]),
  };
  return [own, ...root.commands.flatMap((command) => completionNodes(command, reasons, [...path, command.name()]))];
}

function optionWords({ long, description, argChoices, required, optional, flags }: Option): CompletionNode['options'] {
  if (long === undefined || long === null) return [];
  const words = argChoices === undefined ? undefined : { type: 'words' as const, words: argChoices };
  const values: Values = words ?? (required || optional ? { type: valueType(long, flags) } : { type: 'none' });
  return [{ word: long, meaning: oneLine(description), values }];
}

function argumentValues(path: string, argument: Argument | undefined): Values {
  if (argument === undefined) return { type: 'none' };
  if (argument.argChoices !== undefined) return { type: 'words', words: argument.argChoices };
  return { type: ['context use', 'context remove'].includes(path) ? 'context' : 'any' };
}

function valueType(long: string, flags: string): 'file' | 'context' | 'any' {
  if (long === '--context') return 'context';
  return /[<[](file|directory|path)/.test(flags) || long === '--out' ? 'file' : 'any';
}

function oneLine(text: string): string {
  const first = text.split(/[;.(:]\s/)[0] ?? '';
  return first.replaceAll(/['"`\\$[\]]/g, '').slice(0, 80);
}
