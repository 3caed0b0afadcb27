import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SubscriptionEvent } from '../subscription-event.ts';
import { decodeTransfer, encodeTransfer } from './envelope.ts';
import { pathBelow, safeFileName } from './file-name.ts';
import { receiveFiles, type ReceivedFile } from './receive-files.ts';
import { sendFile, type MessageTaker } from './send-file.ts';
import { fileSink } from './sink.ts';

describe('a file over a group', () => {
  let directory: string;
  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'banyan-transfer-'))));
  afterEach(() => rm(directory, { recursive: true }));

  it.each([0, 1, 64_512, 200_000])('arrives whole, with %d bytes', async (size) => {
    const content = randomBytes(size);
    const [file] = await receive(eventsOf(await messagesFor(content)));
    expect(file).toMatchObject({ size, sha256: createHash('sha256').update(content).digest('hex') });
    expect((await readFile(join(directory, 'out'))).equals(content)).toBe(true);
    expect(await readdir(directory)).toEqual(['out']);
  });

  it('passes over messages of others, and tells two transfers apart', async () => {
    const [a, b] = [await messagesFor(Buffer.from('first')), await messagesFor(Buffer.from('second'))];
    const mixed = [Buffer.from('chat'), a[0], b[0], a[1], b[1], Buffer.from([0xbf]), a[2], b[2]].filter((message) => message !== undefined);
    const files = await receive(eventsOf(mixed));
    expect(files).toHaveLength(1);
    expect(await readFile(join(directory, 'out'), 'utf8')).toBe('first');
  });

  it('leaves no file after a gap, and says which messages are lost', async () => {
    const messages = await messagesFor(randomBytes(300_000));
    const events: SubscriptionEvent[] = [...eventsOf(messages.slice(0, 3)), { type: 'gap', firstSequence: 4n, lastSequence: 9n, cause: 'expired' }];
    await expect(receive(events)).rejects.toMatchObject({ reason: 'GAP', message: expect.stringContaining('4 to 9 (expired)') as string });
    expect(await readdir(directory)).toEqual([]);
  });

  it.each([
    ['a changed byte', (messages: Uint8Array[]) => flip(messages[1])],
    ['a missing chunk', (messages: Uint8Array[]) => void messages.splice(2, 1)],
    ['a missing end', (messages: Uint8Array[]) => void messages.splice(-2, 1)],
  ])('leaves no file after %s', async (_what, spoil) => {
    const messages = await messagesFor(randomBytes(300_000));
    spoil(messages);
    await expect(receive(eventsOf(messages))).rejects.toMatchObject({ reason: 'DIGEST_MISMATCH' });
    expect(await readdir(directory)).toEqual([]);
  });

  it('tells receivers when the sender cannot read on', async () => {
    const failing = Readable.from(
      (async function* () {
        yield await Promise.resolve(Buffer.alloc(100_000));
        throw new Error('the disk broke');
      })(),
    );
    const messages: Uint8Array[] = [];
    await expect(sendFile(publisherInto(messages), { name: 'x', size: undefined, content: failing })).rejects.toThrow('the disk broke');
    await expect(receive(eventsOf(messages))).rejects.toMatchObject({ reason: 'CANCELLED', message: 'the sender gave up: the disk broke' });
    expect(await readdir(directory)).toEqual([]);
  });

  it('refuses a version it does not know', async () => {
    const [header] = await messagesFor(Buffer.from('x'));
    if (header !== undefined) header[1] = 2;
    await expect(receive(eventsOf(header === undefined ? [] : [header]))).rejects.toMatchObject({ reason: 'VERSION_UNSUPPORTED' });
  });

  it('says when it came too late for a transfer', async () => {
    const messages = await messagesFor(randomBytes(100_000));
    let told = 0;
    for await (const _ of receiveFiles(stream(eventsOf(messages.slice(1))), { sinkFor: () => fileSink(join(directory, 'out'), { replace: true }), onLateStart: () => told++ })) continue;
    expect(told).toBe(1);
  });

  it('does not write through a link at the partial file', async () => {
    await writeFile(join(directory, 'precious'), 'kept');
    await symlink(join(directory, 'precious'), join(directory, 'out.part'));
    await expect(receive(eventsOf(await messagesFor(Buffer.from('x'))))).rejects.toMatchObject({ reason: 'FILE_UNWRITABLE' });
    expect(await readFile(join(directory, 'precious'), 'utf8')).toBe('kept');
  });

  it('takes no place that is no regular file, such as a device', async () => {
    await expect(fileSink('/dev/null', { replace: true })).rejects.toMatchObject({ reason: 'FILE_UNWRITABLE' });
  });

  async function receive(events: readonly SubscriptionEvent[]): Promise<ReceivedFile[]> {
    const files: ReceivedFile[] = [];
    for await (const file of receiveFiles(stream(events), { sinkFor: () => fileSink(join(directory, 'out'), { replace: true }) })) files.push(file);
    return files;
  }
});

describe('names of received files', () => {
  it.each([
    ['plain.txt', 'plain.txt'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\windows\\system32\\x.dll', 'x.dll'],
    ['.bashrc', 'bashrc'],
    ['a\u0000b\nc', 'a_b_c'],
    ['evil\u202etxt.exe', 'evil_txt.exe'],
    ['nul', '_nul'],
    ['dir/', 'dir'],
    ['ü'.repeat(200), 'ü'.repeat(100)],
  ])('makes %j safe', (name, safe) => {
    expect(safeFileName(name)).toBe(safe);
    expect(pathBelow('/tmp/out', name)).toBe(`/tmp/out/${safe}`);
  });

  it.each(['', '..', '/', '...'])('refuses %j', (name) => {
    expect(() => safeFileName(name)).toThrow(expect.objectContaining({ reason: 'FILE_NAME_INVALID' }) as Error);
  });
});

describe('decodeTransfer', () => {
  it('takes rubbish for no transfer', () => {
    const trailer = encodeTransfer({ type: 'trailer', transfer: '00'.repeat(8), size: 1, sha256: 'a'.repeat(64) });
    for (const bytes of [Buffer.alloc(0), Buffer.from('text'), trailer.subarray(0, -3), Buffer.from([0xbf, 1, 2, ...Buffer.alloc(9)])]) {
      expect(decodeTransfer(bytes)).toBeUndefined();
    }
  });
});

async function messagesFor(content: Buffer): Promise<Uint8Array[]> {
  const messages: Uint8Array[] = [];
  await sendFile(publisherInto(messages), { name: 'name', size: content.length, content: Readable.from([content]) });
  return messages;
}

function publisherInto(messages: Uint8Array[]): MessageTaker {
  return { send: (message) => Promise.resolve(void messages.push(message)) };
}

function eventsOf(messages: readonly Uint8Array[]): SubscriptionEvent[] {
  return messages.map((message, i) => ({ type: 'messages', firstSequence: BigInt(i + 1), messages: [message], stampMs: 0 }));
}

async function* stream(events: readonly SubscriptionEvent[]): AsyncGenerator<SubscriptionEvent, void, void> {
  for (const event of events) yield await Promise.resolve(event);
}

function flip(message: Uint8Array | undefined): void {
  if (message !== undefined) message[100] = (message[100] ?? 0) ^ 1;
}
