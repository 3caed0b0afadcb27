import { runCommandLine } from './cli/command-line.ts';

process.exitCode = runCommandLine(process.argv.slice(2));
