import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { parseStatus } from '@banyan/grpc';
import { exitCodeOf, worstOf, type CheckResult, type Limits } from '../checks/check-result.ts';
import { formatted, FORMATS, type Format } from '../checks/formats.ts';
import { CHECK_NAMES, DEFAULT_LIMITS, runChecks, unknown, type CheckName } from '../checks/run-checks.ts';
import { SilentFailure } from '../failure.ts';
import type { Io } from '../io.ts';
import { say } from '../io.ts';
import { accessOverlay, withOverlay, type OverlayOptions } from '../overlay-options.ts';
import { UsageError } from '../usage-error.ts';

type Limit = readonly [CheckName, number];

interface CheckOptions extends OverlayOptions {
  readonly format: Format;
  readonly group: readonly string[];
  readonly warning: readonly Limit[];
  readonly critical: readonly Limit[];
}

/** `banyan check`: one look for a monitoring system, which reads the first line and the exit code. */
export function checkCommand(io: Io): Command {
  const limits = Object.entries(DEFAULT_LIMITS).map(([name, { warning, critical }]) => `${name} ${warning}/${critical}`);
  return withOverlay(new Command('check'))
    .description('check the overlay as monitoring plugins do; exit code 0 ok, 1 warning, 2 critical, 3 unknown')
    .addArgument(new Argument('[what...]', 'what to check (default: all; groups only those given by --group)').choices(CHECK_NAMES))
    .addOption(new Option('--format <format>', 'how it is told').choices(FORMATS).default('text'))
    .option('--group <group...>', 'also check that everybody in this group has everything', [])
    .option('--warning <check=n>', `from which number on it is a warning; nodes missing, ring holes, certificates days left, token minutes left, slow readers, groups messages behind; by default (with critical) ${limits.join(', ')}`, limitArgument, [])
    .option('--critical <check=n>', 'from which number on it is critical', limitArgument, [])
    .action(async (what: readonly CheckName[], options: CheckOptions) => {
      const results = await look(io, what, options);
      say(io, formatted(results, options.format));
      const status = worstOf(results);
      if (status !== 'ok') throw new SilentFailure(exitCodeOf(status));
    });
}

async function look(io: Io, what: readonly CheckName[], options: CheckOptions): Promise<readonly CheckResult[]> {
  if (what.includes('groups') && options.group.length === 0) throw new UsageError('`check groups` needs --group NAME');
  const names = what.length > 0 ? what : CHECK_NAMES;
  const asked = options.group.length > 0 && !names.includes('groups') ? [...names, 'groups' as const] : names;
  try {
    return await runChecks(await accessOverlay(io, options), { names: asked, groups: options.group, limitsOf: (name) => limitsOf(name, options) });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return [unknown('overlay', parseStatus(error).message)];
  }
}

function limitsOf(name: CheckName, { warning, critical }: CheckOptions): Limits {
  const said = (limits: readonly Limit[]): number | undefined => limits.findLast(([check]) => check === name)?.[1];
  return { warning: said(warning) ?? DEFAULT_LIMITS[name].warning, critical: said(critical) ?? DEFAULT_LIMITS[name].critical };
}

function limitArgument(text: string, before: readonly Limit[]): readonly Limit[] {
  const [name, value] = text.split('=');
  const check = CHECK_NAMES.find((known) => known === name);
  if (check === undefined || value === undefined || value.trim() === '' || !Number.isFinite(Number(value))) throw new InvalidArgumentError(`Give CHECK=NUMBER, CHECK one of ${CHECK_NAMES.join(', ')}.`);
  return [...before, [check, Number(value)]];
}
