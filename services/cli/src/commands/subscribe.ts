import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { fileSink, isGroupPattern, pathBelow, receiveFiles, streamSink, type Client, type FileHeader, type ReceivedFile, type Reconnect, type Sink, type SlowPolicy, type SubscribeOptions, type Subscription, type SubscriptionStart } from '@banyan/client';
import { OverlayError } from '@banyan/grpc';
import type { Io } from '../io.ts';
import { note, say } from '../io.ts';
import { json } from '../output/json.ts';
import { progressBar } from '../output/progress.ts';
import { bytesText } from '../output/quantities.ts';
import { printable } from '../output/table.ts';
import { accessOverlay, openClient, withOverlay, type OverlayOptions } from '../overlay-options.ts';
import { UsageError } from '../usage-error.ts';
import { printAll, printMessages } from './print-messages.ts';
import { noteReconnect, unlessInterrupted } from './reconnects.ts';

interface SubscribeCommandOptions extends OverlayOptions {
  readonly out?: string;
  readonly start: SubscriptionStart;
  readonly slow: SlowPolicy;
  readonly count?: number;
  readonly untilEnd?: boolean;
  readonly raw?: boolean;
  readonly json?: boolean;
}

/** `banyan subscribe GROUP`: messages to the terminal, or files to the disk. */
export function subscribeCommand(io: Io): Command {
  return withOverlay(new Command('subscribe'))
    .description('print the messages of a group, or with --out receive the files published to it')
    .argument('<group>', 'or a pattern: news/* for one level, news/> for any depth')
    .option('--out <file>', 'receive files: FILE is replaced by each, DIR/ takes them by their names, - is stdout')
    .addOption(new Option('--start <where>', 'latest, first, seq:N, last:N, or time:T with T as 2026-01-31T12:00:00Z or -30s, -5m, -2h').argParser(startArgument).default({ type: 'latest' }, 'latest'))
    .addOption(new Option('--slow <policy>', 'what becomes of this subscriber if he reads too slowly').choices(['drop-oldest', 'detach', 'block']).default('drop-oldest'))
    .option('--count <n>', 'end after n messages (with --out: files)', countArgument)
    .option('--until-end', 'end when a whole file has come')
    .option('--raw', 'write messages as they are, with nothing between them')
    .option('--json', 'print JSON, one line each')
    .action(async (group: string, options: SubscribeCommandOptions) => {
      if (options.out === '-' && options.json === true) throw new UsageError('with --out - stdout is the file; --json has no place there');
      if (options.raw === true && (options.json === true || options.out !== undefined || isGroupPattern(group))) throw new UsageError('--raw writes the messages of one group and nothing else: it takes neither --json nor --out nor a pattern');
      if (isGroupPattern(group) && (options.out !== undefined || options.untilEnd === true)) throw new UsageError('files come from one group: a pattern takes neither --out nor --until-end');
      const sinkFor = options.out === undefined ? undefined : await sinkMaker(io, options.out); // before anything is waited for
      const client = await openClient(await accessOverlay(io, options), 'any', options.node !== undefined);
      try {
        const how = { start: options.start, slow: options.slow, onReconnect: (reconnect: Reconnect) => noteReconnect(io, reconnect) };
        if (isGroupPattern(group)) return await subscribeAll(io, client, group, { ...options, how });
        const opening = client.subscribe(group, how);
        const subscription = await unlessInterrupted(io, opening);
        io.signal.addEventListener('abort', () => void subscription.close());
        noteSubscribed(io, subscription, options);
        if (sinkFor === undefined) await printMessages(io, subscription, options);
        else await receive(io, subscription, sinkFor, options);
      } finally {
        client.close();
      }
    });
}

/** Prints what comes in all groups that the pattern means, each line with its group. */
async function subscribeAll(io: Io, client: Client, pattern: string, options: SubscribeCommandOptions & { readonly how: SubscribeOptions }): Promise<void> {
  const all = await unlessInterrupted(io, client.subscribeAll(pattern, options.how));
  io.signal.addEventListener('abort', () => void all.close());
  note(io, `subscribed to ${all.groups.length} group${all.groups.length === 1 ? '' : 's'} that ${pattern} means, and to those to come`);
  await printAll(io, all, options);
}

/** Receives files until enough have come. Throws what kept the one under way from being whole. */
async function receive(io: Io, subscription: Subscription, sinkFor: SinkMaker, options: SubscribeCommandOptions): Promise<void> {
  const wanted = options.count ?? (options.untilEnd === true ? 1 : Infinity);
  let received = 0;
  let isWithin = false;
  let bar = progressBar(io, '');
  const files = receiveFiles(subscription, {
    sinkFor,
    onLateStart: () => note(io, 'banyan: a file is on its way whose beginning has passed; waiting for the next one (--start first may reach back)'),
    onProgress: (header, bytes) => {
      if (!isWithin) bar = progressBar(io, header.name);
      isWithin = true;
      bar.update(bytes, header.size);
    },
  });
  try {
    for await (const file of files) {
      bar.stop();
      isWithin = false;
      tellFile(io, file, options);
      if (++received >= wanted) return;
    }
  } finally {
    bar.stop();
  }
  // The subscription ends by itself only when the user wants no more.
  if (isWithin || wanted !== Infinity) throw new OverlayError('CANCELLED', `interrupted after ${received} file${received === 1 ? '' : 's'}`);
}

type SinkMaker = (header: FileHeader) => Promise<Sink>;

/** Where files go. A directory is what exists as one or is written with a slash at its end. Throws FILE_UNWRITABLE. */
async function sinkMaker(io: Io, out: string): Promise<SinkMaker> {
  if (out === '-') return () => Promise.resolve(streamSink(io.stdout));
  const path = resolve(io.cwd, out);
  if (await isDirectory(path)) return ({ name }) => fileSink(pathBelow(path, name), { replace: false });
  const directory = out.endsWith('/') ? path : dirname(path);
  if (!(await isDirectory(directory))) throw new OverlayError('FILE_UNWRITABLE', `there is no directory ${directory}`, { file: path });
  return () => fileSink(path, { replace: true });
}

function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function tellFile(io: Io, file: ReceivedFile, { out, json: asJson }: SubscribeCommandOptions): void {
  if (asJson === true) return say(io, json({ event: 'file', ...file }));
  const text = `received ${file.path ?? printable(file.name)}, ${bytesText(file.size)}\nsha256 ${file.sha256}`;
  if (out === '-') note(io, text);
  else say(io, text);
}

function noteSubscribed(io: Io, subscription: Subscription, options: SubscribeCommandOptions): void {
  const { group, nextSequence, address } = subscription;
  if (options.json === true) say(io, json({ event: 'subscribed', group, nextSequence, address }));
  else note(io, `subscribed to ${group} at ${address}, next is sequence ${nextSequence}`);
}

function startArgument(text: string): SubscriptionStart {
  const at = text.indexOf(':');
  const [word, number] = at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
  if (word === 'time' && number !== undefined) return { type: 'time', timeMs: momentArgument(number) };
  if ((word === 'latest' || word === 'first') && number === undefined) return { type: word };
  const value = number !== undefined && /^\d{1,19}$/.test(number) ? BigInt(number) : undefined;
  if (word === 'seq' && value !== undefined) return { type: 'sequence', sequence: value };
  if (word === 'last' && value !== undefined) return { type: 'last', count: value };
  throw new InvalidArgumentError('Give latest, first, seq:N, last:N or time:T.');
}

/** A moment as written in full, or so long ago; ms since 1970. */
function momentArgument(text: string): number {
  const [, amount, unit] = /^-(\d{1,9})(ms|s|m|h)$/.exec(text) ?? [];
  const moment = unit === undefined ? Date.parse(text) : Date.now() - Number(amount) * (UNIT_MS.get(unit) ?? 1);
  if (Number.isNaN(moment) || moment < 0) throw new InvalidArgumentError('Give a time such as 2026-01-31T12:00:00Z, or -30s, -5m, -2h.');
  return moment;
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([['ms', 1], ['s', 1_000], ['m', 60_000], ['h', 3_600_000]]);

function countArgument(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('Give a whole number above 0.');
  return Number(text);
}
