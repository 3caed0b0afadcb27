import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { addAbortSignal, type Readable } from 'node:stream';
import { Command, InvalidArgumentError } from 'commander';
import { MESSAGE_BYTES_MAX, newTraceparent, Pacer, sendFile, traceIdOf, type Client, type FileSource, type Publisher, type PublishTotals } from '@banyan/client';
import { OverlayError } from '@banyan/grpc';
import type { Io } from '../io.ts';
import { note, say } from '../io.ts';
import { json } from '../output/json.ts';
import { progressBar } from '../output/progress.ts';
import { bytesText, durationText, parseBytes } from '../output/quantities.ts';
import { accessOverlay, openClient, withOverlay, type OverlayOptions } from '../overlay-options.ts';
import { UsageError } from '../usage-error.ts';
import { noteReconnect, unlessInterrupted } from './reconnects.ts';

// Ids of traces that are printed; more are traced all the same.
const TRACES_TOLD = 100;

interface PublishCommandOptions extends OverlayOptions {
  readonly file?: string;
  readonly name?: string;
  readonly message?: readonly string[];
  readonly messageFile?: string;
  readonly rate?: number;
  readonly trace?: boolean;
  readonly json?: boolean;
}

/** `banyan publish GROUP`: a file, messages, or the lines of stdin. */
export function publishCommand(io: Io): Command {
  return withOverlay(new Command('publish'))
    .description('publish a file, or messages: those of --message, else each line of stdin')
    .argument('<group>')
    .option('--file <file>', 'publish this file, with its name, size and SHA-256; - is stdin')
    .option('--name <name>', 'what receivers call the file (default: its own name)')
    .option('--message <text...>', 'publish these messages')
    .option('--message-file <file>', 'publish what is in this file as one message of at most 64 MiB; - is stdin')
    .option('--rate <bytes/s>', 'not faster than this, e.g. 500K', rateArgument)
    .option('--trace', 'trace every message: each node that it passes tells a span, whatever is sampled otherwise; prints the ids')
    .option('--json', 'print JSON')
    .action(async (group: string, options: PublishCommandOptions) => {
      if ([options.file, options.message, options.messageFile].filter((given) => given !== undefined).length > 1) throw new UsageError('give one of --file, --message and --message-file');
      if (options.trace === true && options.file !== undefined) throw new UsageError('--trace is for messages; a file is thousands of them');
      const source = options.file === undefined ? undefined : await fileSource(io, options.file, options.name);
      const client = await openClient(await accessOverlay(io, options), 'any', options.node !== undefined);
      try {
        if (source === undefined) await publishMessages(io, client, group, options);
        else await publishFile(io, client, group, source, options);
      } finally {
        client.close();
      }
    });
}

async function publishFile(io: Io, client: Client, group: string, source: FileSource, options: PublishCommandOptions): Promise<void> {
  const startedAt = performance.now();
  const publisher = await unlessInterrupted(io, client.publish(group, { onReconnect: (reconnect) => noteReconnect(io, reconnect) }));
  const bar = progressBar(io, source.name);
  try {
    const sent = await sendFile(publisher, source, {
      onProgress: (bytes) => bar.update(bytes, source.size),
      ...(options.rate === undefined ? {} : { bytesPerSecond: options.rate }),
    });
    const totals = await publisher.close();
    bar.stop();
    const seconds = (performance.now() - startedAt) / 1_000;
    const facts = { group: publisher.group, name: source.name, ...sent, messages: totals.messages, firstSequence: totals.firstSequence, lastSequence: totals.lastSequence, seconds };
    const text = `published ${source.name}, ${bytesText(sent.size)} in ${durationText(seconds * 1_000)}, ${sequencesText(totals)}\nsha256 ${sent.sha256}`;
    say(io, options.json === true ? json(facts) : text);
  } catch (error) {
    bar.stop();
    await lastWords(publisher);
    throw io.signal.aborted ? new OverlayError('CANCELLED', `interrupted after ${bytesText(publisher.totals.bytes)}; receivers are told`, {}, { cause: error }) : error;
  }
}

async function publishMessages(io: Io, client: Client, group: string, options: PublishCommandOptions): Promise<void> {
  const publisher = await unlessInterrupted(io, client.publish(group, { onReconnect: (reconnect) => noteReconnect(io, reconnect) }));
  const pacer = options.rate === undefined ? undefined : new Pacer(options.rate);
  const traces: string[] = [];
  for await (const text of options.messageFile === undefined ? (options.message ?? linesOf(io)) : [await contentOf(io, options.messageFile)]) {
    const message = Buffer.from(text);
    const trace = options.trace === true ? newTraceparent() : undefined;
    if (trace !== undefined && traces.length < TRACES_TOLD) traces.push(traceIdOf(trace));
    await publisher.send(message, trace === undefined ? {} : { trace });
    await pacer?.sent(message.length);
  }
  const totals = await publisher.close();
  const { messages, bytes, firstSequence, lastSequence } = totals;
  const text = `published ${messages} message${messages === 1 ? '' : 's'} to ${publisher.group}, ${sequencesText(totals)}`;
  say(io, options.json === true ? json({ group: publisher.group, messages, bytes, firstSequence, lastSequence, ...(options.trace === true ? { traces } : {}) }) : [text, ...traces.map((id) => `trace ${id}`)].join('\n'));
}

/** The file to publish. Throws FILE_NOT_FOUND before anything is sent. */
async function fileSource(io: Io, file: string, name: string | undefined): Promise<FileSource> {
  if (file === '-') return { name: name ?? 'stdin', size: undefined, content: interruptible(io, io.stdin) };
  const path = resolve(io.cwd, file);
  const found = await stat(path).catch((cause: unknown) => {
    throw new OverlayError('FILE_NOT_FOUND', `there is no file ${path}`, { file: path }, { cause });
  });
  if (!found.isFile()) throw new OverlayError('FILE_NOT_FOUND', `${path} is no regular file; to publish a pipe give --file -`, { file: path });
  const content = interruptible(io, createReadStream(path, { highWaterMark: 256 * 1024 }));
  return { name: name ?? basename(path), size: found.size, content };
}

/** All of a file, as one message. Throws FILE_NOT_FOUND and MESSAGE_TOO_LARGE. */
async function contentOf(io: Io, file: string): Promise<Buffer> {
  const { content, name } = await fileSource(io, file, undefined);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MESSAGE_BYTES_MAX) throw new OverlayError('MESSAGE_TOO_LARGE', `${name} is over 64 MiB, too large for one message; publish it with --file`, { file });
  }
  return Buffer.concat(chunks);
}

/** Ctrl-C ends the reading, so that the sender tells its receivers and everything else ends in order. */
function interruptible(io: Io, content: Readable): Readable {
  return addAbortSignal(io.signal, content);
}

async function* linesOf(io: Io): AsyncGenerator<string, void, void> {
  if (io.stdin.isTTY === true) note(io, 'each line is a message; end with Ctrl-D');
  const lines = createInterface({ input: io.stdin });
  io.signal.addEventListener('abort', () => lines.close());
  yield* lines;
}

const LAST_WORDS_MS = 3_000;

/** Lets what was said last reach the group, as far as it goes quickly. */
async function lastWords(publisher: Publisher): Promise<void> {
  const timer = setTimeout(() => publisher.abort(), LAST_WORDS_MS);
  await publisher.close().catch(() => undefined);
  clearTimeout(timer);
}

function sequencesText({ firstSequence, lastSequence }: PublishTotals): string {
  if (firstSequence === undefined) return 'no sequence';
  return firstSequence === lastSequence ? `sequence ${firstSequence}` : `sequences ${firstSequence} to ${lastSequence}`;
}

function rateArgument(text: string): number {
  const rate = parseBytes(text);
  if (rate === undefined) throw new InvalidArgumentError('Give bytes per second, e.g. 500000, 500K or 2M.');
  return rate;
}
