import { Argument, Command } from 'commander';
import { reasons } from '@banyan/grpc';
import { completionScript, SHELLS, type Shell } from '../completion/shells.ts';
import { completionNodes } from '../completion/words.ts';
import type { Io } from '../io.ts';
import { say } from '../io.ts';

/** `banyan completion bash|zsh|fish`: what makes a shell complete commands, options, choices, contexts and reasons. */
export function completionCommand(io: Io): Command {
  return new Command('completion')
    .description('print what makes a shell complete this program: source <(banyan completion bash)')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action((shell: Shell, _options: unknown, command: Command) => {
      const root = command.parent ?? command;
      say(io, completionScript(shell, completionNodes(root, Object.keys(reasons))));
    });
}
