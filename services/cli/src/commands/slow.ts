import { Command } from 'commander';
import type { SlowReader } from '@banyan/client';
import { parseStatus, type OverlayError } from '@banyan/grpc';
import type { Io } from '../io.ts';
import { note, say } from '../io.ts';
import { json } from '../output/json.ts';
import { bytesText, durationText } from '../output/quantities.ts';
import { table } from '../output/table.ts';
import { accessOverlay, nodeNamer, openClient, withOverlay, type OverlayAccess, type OverlayOptions } from '../overlay-options.ts';

/** A slow reader and the node that keeps its queue. */
type SlowRow = SlowReader & { readonly at: string };

/** `banyan slow [GROUP]`: who reads more slowly than messages come, and what to do about it. */
export function slowCommand(io: Io): Command {
  return withOverlay(new Command('slow'))
    .description('name subscribers and nodes that take messages more slowly than they come, with their queues and what can be done')
    .argument('[group]', 'only this group')
    .option('--json', 'print JSON')
    .action(async (group: string | undefined, options: OverlayOptions & { readonly json?: boolean }) => {
      const access = await accessOverlay(io, options);
      const addresses = options.node === undefined ? access.addresses : access.addresses.slice(0, 1);
      const answers = await Promise.all(addresses.map((api) => askNode(access, api, group)));
      const rows = answers.flatMap((answer) => ('rows' in answer ? answer.rows : [])).sort((a, b) => b.ageMs - a.ageMs);
      const failures = answers.flatMap((answer) => ('failure' in answer ? [answer] : []));
      const [first] = failures;
      if (first !== undefined && failures.length === answers.length) throw first.failure;
      for (const { at, failure } of failures) note(io, `banyan: ${at} did not answer (${failure.reason})`);
      if (options.json === true) say(io, json(rows, 2));
      else say(io, rows.length === 0 ? 'nobody is slow' : slowTable(access, rows));
    });
}

type Answer = { readonly rows: readonly SlowRow[] } | { readonly at: string; readonly failure: OverlayError };

async function askNode(access: OverlayAccess, api: string, group: string | undefined): Promise<Answer> {
  const at = access.local?.file.nodes.find((node) => node.addresses['api'] === api)?.name ?? api;
  const client = await openClient({ ...access, addresses: [api] }, 'only', true);
  try {
    return { rows: (await client.slow(group)).map((reader) => ({ ...reader, at })) };
  } catch (error) {
    return { at, failure: parseStatus(error) };
  } finally {
    client.close();
  }
}

function slowTable(access: OverlayAccess, rows: readonly SlowRow[]): string {
  const nameOf = nodeNamer(access);
  return table(rows, [
    { heading: 'GROUP', text: (row) => row.group },
    { heading: 'WHO', text: (row) => (row.child === undefined ? `client ${row.client ?? ''}` : `node ${nameOf(row.child.id)}`) },
    { heading: 'AT', text: (row) => row.at },
    { heading: 'POLICY', text: (row) => (row.policy === undefined ? '-' : `${row.policy}${row.policy === 'block' && !row.isCounted ? ', not counted' : ''}`) },
    { heading: 'QUEUE', text: (row) => bytesText(row.queueBytes), isNumber: true },
    { heading: 'FOR', text: (row) => durationText(row.ageMs), isNumber: true },
    { heading: 'REMEDY', text: (row) => row.remedy },
  ]);
}
