// `main.ts write` writes rules and tests, `main.ts check` fails when the committed ones are others or an alert has no runbook,
// `main.ts print [--factor N] [--runbooks URL]` prints rules for a site or a run of one's own.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { faults, generatedFiles } from './files.ts';
import { alertGroups, prometheusRules } from './rules.ts';

process.exitCode = main(process.argv[2], process.argv.slice(3));

function main(command: string | undefined, args: readonly string[]): number {
  switch (command) {
    case 'write':
      for (const { path, text } of generatedFiles()) {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
        console.log(`wrote ${relative(process.cwd(), path)}`);
      }
      return 0;
    case 'check':
      return check(faults());
    case 'print':
      return print(args);
    default:
      console.error('usage: main.ts write|check|print [--factor N] [--runbooks URL]');
      return 2;
  }
}

function check(found: readonly string[]): number {
  for (const fault of found) console.error(`alerts: ${fault}`);
  if (found.length > 0) console.error('alerts: run `npx nx run @banyan/alerts:rules` and commit what it writes');
  return found.length > 0 ? 1 : 0;
}

function print(args: readonly string[]): number {
  const { values } = parseArgs({ args: [...args], options: { factor: { type: 'string', default: '1' }, runbooks: { type: 'string' } } });
  const factor = Number(values.factor);
  if (!(factor >= 1)) {
    console.error('alerts: --factor is a number of at least 1');
    return 2;
  }
  console.log(prometheusRules(alertGroups, { factor, ...(values.runbooks === undefined ? {} : { runbooks: values.runbooks }) }));
  return 0;
}
