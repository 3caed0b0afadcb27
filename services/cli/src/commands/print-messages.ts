import { once } from 'node:events';
import { decodeTransfer, gapError, type PatternEvent, type Subscription, type SubscriptionEvent } from '@banyan/client';
import type { Io } from '../io.ts';
import { note } from '../io.ts';
import { json } from '../output/json.ts';
import { bytesText } from '../output/quantities.ts';
import { printable } from '../output/table.ts';

/** What ends the printing. */
export interface PrintOptions {
  readonly count?: number;
  readonly untilEnd?: boolean;
  /** Bytes as they are, without an end of line. */
  readonly raw?: boolean;
  readonly json?: boolean;
}

/**
 * Prints messages as they come, each on a line, until enough have come or the reader closes stdout. A gap is told where
 * it is: on stderr, or as an event of its own with `--json`; with `--until-end` it is an error, for the whole was wanted.
 */
export async function printMessages(io: Io, subscription: Subscription, options: PrintOptions): Promise<void> {
  let printed = 0;
  for await (const event of subscription) {
    if (event.type === 'gap') {
      if (options.untilEnd === true) throw gapError(event);
      await printGap(io, event, options);
      continue;
    }
    for (const [at, message] of event.messages.entries()) {
      const isOpen = options.raw === true ? await writeBytes(io, message) : await write(io, options.json === true ? jsonLine(event, at, message) : textLine(message));
      if (!isOpen) return;
      if (++printed === options.count) return;
      if (options.untilEnd === true && decodeTransfer(message)?.type === 'trailer') return;
    }
  }
}

/** As `printMessages`, for many groups: each line begins with its group, and groups that come and go are told. */
export async function printAll(io: Io, events: AsyncIterable<PatternEvent>, options: PrintOptions): Promise<void> {
  let printed = 0;
  for await (const event of events) {
    const { group } = event;
    if (event.type === 'opened' || event.type === 'gone') {
      if (options.json === true) await write(io, json({ event: event.type, group }));
      else note(io, `banyan: ${group} is ${event.type === 'opened' ? 'read' : 'gone'}`);
      continue;
    }
    if (event.type === 'gap') {
      await printGap(io, event, options, group);
      continue;
    }
    for (const [at, message] of event.messages.entries()) {
      if (!(await write(io, options.json === true ? jsonLine(event, at, message, group) : `${group}\t${textLine(message)}`))) return;
      if (++printed === options.count) return;
    }
  }
}

async function printGap(io: Io, gap: Extract<SubscriptionEvent, { type: 'gap' }>, options: PrintOptions, group?: string): Promise<void> {
  if (options.json === true) await write(io, json({ event: 'gap', group, firstSequence: gap.firstSequence, lastSequence: gap.lastSequence, cause: gap.cause }));
  else note(io, `banyan: ${group === undefined ? '' : `${group}: `}${gapError(gap).message}`);
}

/** False when nobody reads stdout any more (`banyan subscribe … | head`). */
function write(io: Io, line: string): Promise<boolean> {
  return writeBytes(io, `${line}\n`);
}

async function writeBytes(io: Io, bytes: string | Uint8Array): Promise<boolean> {
  if (io.stdout.destroyed || io.stdout.writableEnded) return false;
  if (!io.stdout.write(bytes)) await Promise.race([once(io.stdout, 'drain'), once(io.stdout, 'close')]);
  return !io.stdout.destroyed;
}

function jsonLine(event: Extract<SubscriptionEvent, { type: 'messages' }>, at: number, message: Uint8Array, group?: string): string {
  const text = textOf(message);
  const content = text === undefined ? { base64: Buffer.from(message).toString('base64') } : { text };
  return json({ event: 'message', group, sequence: event.firstSequence + BigInt(at), stampMs: event.stampMs, ...content });
}

function textLine(message: Uint8Array): string {
  const transfer = decodeTransfer(message);
  if (transfer?.type === 'header') return `[file ${printable(transfer.name)} begins; receive it with --out]`;
  if (transfer?.type === 'trailer') return `[file ends, ${bytesText(transfer.size)}, sha256 ${transfer.sha256}]`;
  const text = transfer === undefined ? textOf(message) : undefined;
  return text === undefined ? `[${message.length} bytes]` : printable(text);
}

function textOf(message: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(message);
  } catch {
    return undefined;
  }
}
