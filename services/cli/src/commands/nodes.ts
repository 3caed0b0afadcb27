import { Command } from 'commander';
import { isReason, OverlayError, parseStatus } from '@banyan/grpc';
import { isAlive } from '@banyan/local-overlay';
import type { Io } from '../io.ts';
import { say } from '../io.ts';
import { json } from '../output/json.ts';
import { durationText } from '../output/quantities.ts';
import { styleFor } from '../output/style.ts';
import { table } from '../output/table.ts';
import { accessOverlay, apiAddressOf, openClient, withOverlay, type OverlayAccess, type OverlayOptions } from '../overlay-options.ts';

/** What is known of one node. */
interface NodeRow {
  readonly name: string;
  readonly id: string;
  readonly pid: number | undefined;
  /** `ready`, `joining`, `leaving` (or left), `gone` (no process), or why it did not answer. */
  readonly state: string;
  readonly leaves: number | undefined;
  readonly answerMs: number | undefined;
  readonly api: string;
}

const ANSWER_DEADLINE_MS = 2_000;

/** `banyan nodes`: who is in the overlay, and how each of them does. */
export function nodesCommand(io: Io): Command {
  return withOverlay(new Command('nodes'))
    .description('list the nodes and ask each how it does')
    .option('--json', 'print JSON')
    .action(async (options: OverlayOptions & { readonly json?: boolean }) => {
      const access = await accessOverlay(io, options);
      const rows = await Promise.all(nodesOf(access).map((node) => askNode(access, node)));
      say(io, options.json === true ? json(rows, 2) : nodeTable(io, rows));
      if (rows.length > 0 && rows.every((row) => row.answerMs === undefined)) throw noAnswer(rows);
    });
}

interface KnownNode {
  readonly name: string;
  readonly id: string;
  readonly pid: number | undefined;
  readonly api: string;
  readonly runs: boolean;
}

function nodesOf(access: OverlayAccess): readonly KnownNode[] {
  if (access.local === undefined) return access.addresses.map((api) => ({ name: api, id: '', pid: undefined, api, runs: true }));
  return access.local.file.nodes.map((node) => ({ name: node.name, id: node.id, pid: node.pid, api: apiAddressOf(node), runs: isAlive(node) }));
}

async function askNode(access: OverlayAccess, { name, id, pid, api, runs }: KnownNode): Promise<NodeRow> {
  if (!runs) return { name, id, pid, state: 'gone', leaves: undefined, answerMs: undefined, api };
  const client = await openClient({ ...access, addresses: [api] }, 'only', true);
  try {
    await client.overlay.neighbors({ deadlineMs: ANSWER_DEADLINE_MS }); // the first call pays for the connection
    const askedAt = performance.now();
    const { node, isReady, isLeaving, leaves } = await client.overlay.neighbors({ deadlineMs: ANSWER_DEADLINE_MS });
    return { name, id: node.id, pid, state: isLeaving ? 'leaving' : isReady ? 'ready' : 'joining', leaves: leaves.length, answerMs: performance.now() - askedAt, api };
  } catch (error) {
    return { name, id, pid, state: parseStatus(error).reason, leaves: undefined, answerMs: undefined, api };
  } finally {
    client.close();
  }
}

/** When all of them give one reason, that is what is to be mended: a token, for example. */
function noAnswer(rows: readonly NodeRow[]): OverlayError {
  const [told, ...others] = new Set(rows.map((row) => row.state));
  if (told !== undefined && others.length === 0 && isReason(told) && told !== 'UNREACHABLE') return new OverlayError(told, 'every node refused the call');
  return new OverlayError('UNREACHABLE', 'no node answers');
}

function nodeTable(io: Io, rows: readonly NodeRow[]): string {
  const style = styleFor(io.stdout, io.env);
  const paint = (state: string): string => (state === 'ready' ? style.green(state) : state === 'joining' || state === 'leaving' ? style.yellow(state) : style.red(state));
  return table(rows, [
    { heading: 'NAME', text: (row) => row.name },
    { heading: 'STATE', text: (row) => paint(row.state) },
    { heading: 'ID', text: (row) => row.id },
    { heading: 'LEAVES', text: (row) => String(row.leaves ?? '-'), isNumber: true },
    { heading: 'ANSWER', text: (row) => durationText(row.answerMs), isNumber: true },
    { heading: 'PID', text: (row) => String(row.pid ?? '-'), isNumber: true },
    { heading: 'API', text: (row) => row.api },
  ]);
}
