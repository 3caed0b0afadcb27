import { Command } from 'commander';
import type { Coverage } from '@banyan/client';
import { OverlayError } from '@banyan/grpc';
import type { Io } from '../io.ts';
import { say } from '../io.ts';
import { json } from '../output/json.ts';
import { accessOverlay, nodeNamer, openClient, withOverlay, type OverlayOptions } from '../overlay-options.ts';

/** How long the root of a group has to tell its coverage for the first time: its report comes every second. */
const FIRST_MS = 5_000;

/** `banyan coverage GROUP`: how many of the nodes with subscribers have what, and who does not. */
export function coverageCommand(io: Io): Command {
  return withOverlay(new Command('coverage'))
    .description('tell how many nodes with subscribers have everything up to where, who is behind by how much, and who is missing')
    .argument('<group>')
    .option('--watch', 'tell it again whenever it changes, until Ctrl-C')
    .option('--json', 'print JSON, one line each')
    .action(async (group: string, options: OverlayOptions & { readonly watch?: boolean; readonly json?: boolean }) => {
      const access = await accessOverlay(io, options);
      const client = await openClient(access, 'first', options.node !== undefined);
      io.signal.addEventListener('abort', () => client.close());
      const silence = setTimeout(() => client.close(), FIRST_MS);
      let hasTold = false;
      try {
        for await (const coverage of client.groups.watchCoverage(group)) {
          if (coverage === undefined) continue;
          hasTold = true;
          clearTimeout(silence);
          const name = client.fullName(group);
          say(io, options.json === true ? json({ group: name, ...coverage }) : coverageText(name, coverage, nodeNamer(access)));
          if (options.watch !== true) break;
        }
      } catch (error) {
        if (!io.signal.aborted) throw error;
      } finally {
        clearTimeout(silence);
        client.close();
      }
      if (!hasTold && !io.signal.aborted) throw new OverlayError('TIMEOUT', `no root of ${group} tells its coverage; a tree grows when somebody subscribes or publishes`);
    });
}

function coverageText(group: string, { epoch, rosterVersion, members, committed, covered, reached, behind, missing }: Coverage, nameOf: (id: string) => string): string {
  const whole = reached === 0n ? `${covered} of ${members} are in the tree, and nothing is published` : `${covered} of ${members} have 1..${reached}`;
  const lines = [`${group}: ${whole}${reached < committed ? ` of ${committed} committed` : ''} (roster ${epoch}.${rosterVersion})`];
  for (const lag of behind) lines.push(`  ${nameOf(lag.member)} is ${committed - lag.reached} behind`);
  for (const id of missing) lines.push(`  ${nameOf(id)} is missing`);
  return lines.join('\n');
}
