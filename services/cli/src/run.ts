import { createRequire } from 'node:module';
import { Command, type CommanderError } from 'commander';
import { OverlayError } from '@banyan/grpc';
import { anycastCommand } from './commands/anycast.ts';
import { checkCommand } from './commands/check.ts';
import { completionCommand } from './commands/completion.ts';
import { contextCommand } from './commands/context.ts';
import { coverageCommand } from './commands/coverage.ts';
import { doctorCommand } from './commands/doctor.ts';
import { drainCommand } from './commands/drain.ts';
import { errorsCommand } from './commands/errors.ts';
import { groupCommand } from './commands/group.ts';
import { nodesCommand } from './commands/nodes.ts';
import { planCommand } from './commands/plan.ts';
import { publishCommand } from './commands/publish.ts';
import { routeCommand } from './commands/route.ts';
import { slowCommand } from './commands/slow.ts';
import { subscribeCommand } from './commands/subscribe.ts';
import { tokenCommand } from './commands/token.ts';
import { topCommand } from './commands/top.ts';
import { treeCommand } from './commands/tree.ts';
import { upCommand } from './commands/up.ts';
import { EXIT_DONE, reportFailure, SilentFailure } from './failure.ts';
import type { Io } from './io.ts';

const COMMANDS = [
  ...[upCommand, nodesCommand, routeCommand, groupCommand, publishCommand, subscribeCommand, anycastCommand],
  ...[treeCommand, coverageCommand, slowCommand, planCommand, tokenCommand, doctorCommand, errorsCommand],
  ...[checkCommand, drainCommand, topCommand, contextCommand, completionCommand],
];

// These end in their own way when the user wants no more; all others just stop.
const ENDING_THEMSELVES = new Set(['up', 'publish', 'subscribe', 'anycast', 'tree', 'coverage', 'top']);

// To a monitoring system 2 is critical: that its call was wrong is unknown.
const EXIT_UNKNOWN = 3;

/** Runs one command line (without the program's own name); gives the exit code: 0 done, 1 failed, 2 used wrongly; of `check` its own. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    const running = program(io).parseAsync(argv, { from: 'user' });
    await (ENDING_THEMSELVES.has(argv[0] ?? '') ? running : Promise.race([running, interrupted(io.signal)]));
    return EXIT_DONE;
  } catch (error) {
    const code = reportFailure(io, error, argv.includes('--json'));
    return argv[0] === 'check' && code !== EXIT_DONE && !(error instanceof SilentFailure) ? EXIT_UNKNOWN : code;
  }
}

function interrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new OverlayError('CANCELLED', 'interrupted')));
  });
}

function program(io: Io): Command {
  const { version } = createRequire(import.meta.url)('../package.json') as { readonly version: string };
  const root = new Command('banyan').description('Banyan: a self-organising backbone for multicast and content delivery').version(version);
  for (const make of COMMANDS) root.addCommand(make(io));
  configure(root, io);
  return root;
}

/** Commander's own words go to our streams, and it never ends the process. */
function configure(command: Command, io: Io): void {
  command.exitOverride((error: CommanderError) => {
    throw error;
  });
  command.configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) });
  command.showHelpAfterError(`(see \`banyan${command.name() === 'banyan' ? '' : ` ${pathOf(command)}`} --help\`)`);
  for (const child of command.commands) configure(child, io);
}

function pathOf(command: Command): string {
  const parent = command.parent;
  return parent === null || parent.parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`;
}
