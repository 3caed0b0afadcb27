import { Command } from 'commander';
import { isReason, reasons, type Reason } from '@banyan/grpc';
import type { Io } from '../io.ts';
import { say } from '../io.ts';
import { json } from '../output/json.ts';
import { table } from '../output/table.ts';
import { UsageError } from '../usage-error.ts';

/** `banyan errors [REASON]`: what a reason means and what to do about it. */
export function errorsCommand(io: Io): Command {
  return new Command('errors')
    .description('explain the reason of an error, or list them all')
    .argument('[reason]', 'e.g. NO_QUORUM')
    .option('--json', 'print JSON')
    .action((reason: string | undefined, options: { readonly json?: boolean }) => {
      const names = reason === undefined ? (Object.keys(reasons) as Reason[]) : [known(reason)];
      const entries = names.map((name) => ({ reason: name, ...reasons[name] }));
      const [only] = entries;
      if (options.json === true) say(io, json(reason === undefined ? entries : only, 2));
      else if (reason !== undefined && only !== undefined) say(io, `${only.reason} (gRPC ${only.code}, HTTP ${only.http})\n${only.what}\n${only.mend}`);
      else say(io, table(entries, [{ heading: 'REASON', text: (entry) => entry.reason }, { heading: 'WHAT', text: (entry) => entry.what }]));
    });
}

function known(text: string): Reason {
  const name = text.toUpperCase().replaceAll('-', '_');
  if (isReason(name)) return name;
  const near = Object.keys(reasons).filter((reason) => reason.split('_').some((word) => word.length > 2 && name.includes(word)));
  throw new UsageError(`there is no reason '${text}'${near.length === 0 ? '' : `; did you mean ${near.slice(0, 4).join(', ')}?`} (\`banyan errors\` lists all)`);
}
