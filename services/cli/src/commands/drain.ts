import { Command, InvalidArgumentError } from 'commander';
import type { DrainProgress, DrainStep } from '@banyan/client';
import { OverlayError } from '@banyan/grpc';
import { SilentFailure } from '../failure.ts';
import type { Io } from '../io.ts';
import { note, say } from '../io.ts';
import { json } from '../output/json.ts';
import { durationText } from '../output/quantities.ts';
import { styleFor } from '../output/style.ts';
import { accessOverlay, openClient, withOverlay, type OverlayOptions } from '../overlay-options.ts';

/** What each step is about, and what is counted of it. */
const MEANINGS: Readonly<Record<DrainStep['name'], { readonly does: string; readonly counts: string }>> = {
  refuse: { does: 'is off the lists, takes nothing new', counts: 'lists' },
  roots: { does: 'others number its groups', counts: 'groups' },
  voters: { does: 'others vote in its place', counts: 'groups' },
  children: { does: 'its children have other parents', counts: 'children' },
  clients: { does: 'its clients went on elsewhere', counts: 'clients' },
  range: { does: 'its neighbors own its keys', counts: 'ranges' },
  leave: { does: 'its links are closed', counts: 'links' },
  unknown: { does: 'a step of a newer version', counts: 'things' },
};

/** `banyan drain NODE`: takes a node out of the ring without losing anything, step by step, live. */
export function drainCommand(io: Io): Command {
  return withOverlay(new Command('drain'))
    .description('take a node out of the ring: duties handed over, children and clients moved; exit code 1 when something was left behind')
    .argument('<node>', 'name or API address; the process stays, out of the ring, until it is stopped')
    .option('--grace <seconds>', 'how long it may take (default: what the node is configured with)', secondsArgument)
    .option('--json', 'print JSON, one line for each change')
    .action(async (node: string, options: OverlayOptions & { readonly grace?: number; readonly json?: boolean }) => {
      const access = await accessOverlay(io, { ...options, node });
      const client = await openClient(access, 'only', true);
      io.signal.addEventListener('abort', () => {
        note(io, `${node} goes on with its drain; the same command looks on again`);
        client.close();
      });
      const show = options.json === true ? (progress: DrainProgress) => say(io, json(progress)) : stepPrinter(io);
      let last: DrainProgress | undefined;
      try {
        for await (const progress of client.overlay.drain(options.grace === undefined ? {} : { graceMs: Math.round(options.grace * 1_000) })) show((last = progress));
      } finally {
        client.close();
      }
      if (last?.isDone !== true) throw new OverlayError('LINK_CLOSED', `${node} was not heard of any more before it had left; its log says how far it came`);
      const late = last.steps.filter(({ state }) => state === 'late');
      if (options.json !== true) note(io, late.length === 0 ? `${node} has left the ring; stop the process, or start it again to have it back` : `${node} has left, but not in order: ${late.map(({ name, left }) => `${left} ${MEANINGS[name].counts} left at ${name}`).join(', ')}`);
      if (late.length > 0) throw new SilentFailure();
    });
}

/** On a terminal the seven lines are written over and over; elsewhere each step is a line once it is over. */
function stepPrinter(io: Io): (progress: DrainProgress) => void {
  const style = styleFor(io.stdout, io.env);
  const marks = { waiting: style.dim('·'), running: style.yellow('…'), done: style.green('✓'), late: style.red('✗') };
  const line = ({ name, state, left, deadlineMs, elapsedMs }: DrainStep): string => {
    const { does, counts } = MEANINGS[name];
    const time = state === 'waiting' ? `by ${durationText(deadlineMs)}` : durationText(elapsedMs);
    return `${marks[state]} ${name.padEnd(8)}  ${does.padEnd(36)}  ${(left > 0 || state === 'late' ? `${left} ${counts} left` : '').padEnd(18)}  ${time}`.trimEnd();
  };
  if (io.stdout.isTTY === true) {
    let lines = 0;
    return ({ steps }) => {
      io.stdout.write(`${lines === 0 ? '' : `\u001b[${lines}A`}${steps.map((step) => `${line(step)}\u001b[K\n`).join('')}`);
      lines = steps.length;
    };
  }
  const told = new Set<string>();
  return ({ steps }) => {
    for (const step of steps) {
      if ((step.state !== 'done' && step.state !== 'late') || told.has(step.name)) continue;
      told.add(step.name);
      say(io, line(step));
    }
  };
}

function secondsArgument(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0.1 && seconds <= 3_600)) throw new InvalidArgumentError('Give seconds from 0.1 to 3600.');
  return seconds;
}
