import { Command, InvalidArgumentError } from 'commander';
import { OverlayError } from '@banyan/grpc';
import type { Io } from '../io.ts';
import { note, say } from '../io.ts';
import { json } from '../output/json.ts';
import { printable } from '../output/table.ts';
import { accessOverlay, nodeNamer, openClient, withOverlay, type OverlayAccess, type OverlayOptions } from '../overlay-options.ts';
import { UsageError } from '../usage-error.ts';
import { noteReconnect, unlessInterrupted } from './reconnects.ts';

interface AnycastOptions extends OverlayOptions {
  readonly answer?: string;
  readonly visits?: number;
  readonly count?: number;
  readonly json?: boolean;
}

/** `banyan anycast GROUP`: one member of a group takes a message, a near one. */
export function anycastCommand(io: Io): Command {
  return withOverlay(new Command('anycast'))
    .description('offer a message to one member of a group, a near one, and print who took it and what he says; or be such a member')
    .argument('<group>')
    .argument('[message]', 'what is offered (default: nothing)')
    .option('--visits <n>', 'ask the members of at most n nodes, 1 to 64 (default: 64)', visitsArgument)
    .option('--answer <text>', 'be a member instead: take what is offered, and say this')
    .option('--count <n>', 'with --answer: end after n', countArgument)
    .option('--json', 'print JSON, one line each')
    .action(async (group: string, message: string | undefined, options: AnycastOptions) => {
      if (options.answer !== undefined && (message !== undefined || options.visits !== undefined)) throw new UsageError('who answers offers nothing: --answer takes neither a message nor --visits');
      if (options.count !== undefined && options.answer === undefined) throw new UsageError('--count goes with --answer');
      const access = await accessOverlay(io, options);
      if (options.answer === undefined) await offer(io, access, group, message ?? '', options);
      else await answer(io, access, group, options.answer, options);
    });
}

async function offer(io: Io, access: OverlayAccess, group: string, message: string, options: AnycastOptions): Promise<void> {
  const client = await openClient(access, 'first', options.node !== undefined);
  try {
    const { node, reply, visits } = await client.anycast(group, Buffer.from(message), options.visits === undefined ? {} : { visitsMax: options.visits });
    const text = Buffer.from(reply).toString();
    if (options.json === true) say(io, json({ group: client.fullName(group), node: node.id, reply: text, visits }));
    else say(io, `taken at ${nodeNamer(access)(node.id)}, after ${visits} node${visits === 1 ? '' : 's'}${text === '' ? '' : `: ${printable(text)}`}`);
  } finally {
    client.close();
  }
}

async function answer(io: Io, access: OverlayAccess, group: string, reply: string, options: AnycastOptions): Promise<void> {
  const client = await openClient(access, 'any', options.node !== undefined);
  let taken = 0;
  const done = new AbortController();
  try {
    const subscription = await unlessInterrupted(
      io,
      client.subscribe(group, {
        onReconnect: (reconnect) => noteReconnect(io, reconnect),
        answer: (payload, from) => {
          if (options.count !== undefined && taken >= options.count) return undefined;
          taken++;
          const text = Buffer.from(payload).toString();
          if (options.json === true) say(io, json({ event: 'taken', message: text, from: from?.id }));
          else say(io, `took ${text === '' ? 'an offer' : printable(text)}${from === undefined ? '' : `, from ${nodeNamer(access)(from.id)}`}`);
          // The answer is on its way before the stream over which the offer came is closed.
          if (taken === options.count) setTimeout(() => done.abort(), ANSWER_MS);
          return Buffer.from(reply);
        },
      }),
    );
    for (const signal of [io.signal, done.signal]) signal.addEventListener('abort', () => void subscription.close());
    note(io, `takes what is offered to one of ${subscription.group}, at ${subscription.address}; end with Ctrl-C`);
    for await (const _event of subscription); // its messages are not this command's matter
  } finally {
    client.close();
  }
  if (options.count !== undefined && taken < options.count) throw new OverlayError('CANCELLED', `interrupted after ${taken} of ${options.count}`);
}

/** Enough for an answer to leave. */
const ANSWER_MS = 500;

function visitsArgument(text: string): number {
  const visits = Number(text);
  if (!Number.isInteger(visits) || visits < 1 || visits > 64) throw new InvalidArgumentError('Give a whole number from 1 to 64.');
  return visits;
}

function countArgument(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('Give a whole number above 0.');
  return Number(text);
}
