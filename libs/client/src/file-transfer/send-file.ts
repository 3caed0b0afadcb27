import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { OverlayError } from '@banyan/grpc';
import { CHUNK_PREFIX_BYTES, encodeTransfer, newTransferId, writeChunkPrefix, type TransferId } from './envelope.ts';
import { Pacer } from './pacer.ts';

/** Takes messages in order, and makes the sender wait: a `Publisher`. */
export interface MessageTaker {
  send(message: Uint8Array): Promise<void>;
}

/** A file to be sent. */
export interface FileSource {
  /** What receivers may call it; they use its last part only. */
  readonly name: string;
  /** Bytes, where known before. */
  readonly size: number | undefined;
  readonly content: Readable | AsyncIterable<Uint8Array>;
}

/** How a file is sent. */
export interface SendFileOptions {
  /** Not faster than so many bytes per second. */
  readonly bytesPerSecond?: number;
  /** Told after every chunk how many bytes were taken. */
  readonly onProgress?: (sentBytes: number) => void;
}

/** What was sent. */
export interface SentFile {
  readonly size: number;
  /** 64 hex digits. */
  readonly sha256: string;
}

// With its prefix and the fields around it a chunk fills one batch of 64 KiB.
const CHUNK_BYTES = 63 * 1024;

/**
 * Publishes a file as header, chunks and trailer; resolves when all is taken (`publisher.close` waits for the receipts).
 * When the content cannot be read to its end, receivers are told, and what failed is thrown.
 */
export async function sendFile(publisher: MessageTaker, source: FileSource, options: SendFileOptions = {}): Promise<SentFile> {
  const transfer = newTransferId();
  await publisher.send(encodeTransfer({ type: 'header', transfer, name: source.name, size: source.size }));
  try {
    const sent = await sendContent(publisher, transfer, source, options);
    await publisher.send(encodeTransfer({ type: 'trailer', transfer, ...sent }));
    return sent;
  } catch (error) {
    await publisher.send(encodeTransfer({ type: 'abort', transfer, reason: reasonOf(error) })).catch(() => undefined); // the publisher itself may be what failed
    throw error;
  }
}

async function sendContent(publisher: MessageTaker, transfer: TransferId, source: FileSource, options: SendFileOptions): Promise<SentFile> {
  const pacer = options.bytesPerSecond === undefined ? undefined : new Pacer(options.bytesPerSecond);
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of chunksOf(source.content)) {
    const bytes = chunk.subarray(CHUNK_PREFIX_BYTES);
    hash.update(bytes);
    writeChunkPrefix(chunk, transfer, size);
    size += bytes.length;
    await publisher.send(chunk);
    options.onProgress?.(size);
    await pacer?.sent(bytes.length);
  }
  if (source.size !== undefined && size !== source.size) {
    throw new OverlayError('FILE_NOT_FOUND', `${source.name} changed while it was read: ${size} bytes instead of ${source.size}`, { name: source.name });
  }
  return { size, sha256: hash.digest('hex') };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'AbortError' ? 'it was interrupted' : error.message;
}

/** The content in buffers of one chunk each, with room for the prefix before its bytes. */
async function* chunksOf(content: FileSource['content']): AsyncGenerator<Buffer, void, void> {
  let chunk = Buffer.allocUnsafe(CHUNK_PREFIX_BYTES + CHUNK_BYTES);
  let filled = CHUNK_PREFIX_BYTES;
  for await (const piece of content as AsyncIterable<Uint8Array>) {
    for (let taken = 0; taken < piece.length; ) {
      const part = piece.subarray(taken, taken + chunk.length - filled);
      chunk.set(part, filled);
      filled += part.length;
      taken += part.length;
      if (filled < chunk.length) continue;
      yield chunk;
      chunk = Buffer.allocUnsafe(CHUNK_PREFIX_BYTES + CHUNK_BYTES);
      filled = CHUNK_PREFIX_BYTES;
    }
  }
  if (filled > CHUNK_PREFIX_BYTES) yield chunk.subarray(0, filled);
}
