// What a file looks like in a group: one header, chunks in order, one trailer, each a message of its own. All begin with
// the same eleven bytes, so that a reader can tell transfers of several publishers, and other messages, apart:
//   0xBF  version  kind  transfer (8 bytes, random)
// Header, trailer and abort go on with JSON; a chunk with its offset in the file (8 bytes, big-endian) and its bytes.
import { randomBytes } from 'node:crypto';

/** The version of this format; a reader refuses others. */
export const TRANSFER_VERSION = 1;
/** Bytes of a chunk message before the bytes of the file. */
export const CHUNK_PREFIX_BYTES = 19;

const MAGIC = 0xbf;
const PREFIX_BYTES = 11;
const HEADER = 1;
const CHUNK = 2;
const TRAILER = 3;
const ABORT = 4;

/** Which transfer a message belongs to: 16 hex digits. */
export type TransferId = string;

/** A message of a transfer. */
export type TransferMessage =
  /** `size` is absent when the sender does not know it (a pipe). */
  | { readonly type: 'header'; readonly transfer: TransferId; readonly name: string; readonly size: number | undefined }
  | { readonly type: 'chunk'; readonly transfer: TransferId; readonly offset: number; readonly bytes: Uint8Array }
  /** `sha256` as 64 hex digits, over all `size` bytes. */
  | { readonly type: 'trailer'; readonly transfer: TransferId; readonly size: number; readonly sha256: string }
  /** The sender could not go on. */
  | { readonly type: 'abort'; readonly transfer: TransferId; readonly reason: string }
  /** A transfer in a version this reader does not know. */
  | { readonly type: 'unknown'; readonly transfer: TransferId; readonly version: number };

/** A transfer nobody else has. */
export function newTransferId(): TransferId {
  return randomBytes(8).toString('hex');
}

/** The bytes of a header, trailer or abort. */
export function encodeTransfer(message: Extract<TransferMessage, { type: 'header' | 'trailer' | 'abort' }>): Uint8Array {
  switch (message.type) {
    case 'header':
      return withJson(HEADER, message.transfer, { name: message.name, size: message.size });
    case 'trailer':
      return withJson(TRAILER, message.transfer, { size: message.size, sha256: message.sha256 });
    case 'abort':
      return withJson(ABORT, message.transfer, { reason: message.reason });
  }
}

/** Writes the prefix of a chunk into the first bytes of `buffer`; the file's bytes stand behind it already. */
export function writeChunkPrefix(buffer: Buffer, transfer: TransferId, offset: number): void {
  writePrefix(buffer, CHUNK, transfer);
  buffer.writeBigUInt64BE(BigInt(offset), PREFIX_BYTES);
}

/** The message of a transfer that `bytes` are, or undefined when they are something else. */
export function decodeTransfer(bytes: Uint8Array): TransferMessage | undefined {
  if (bytes.length < PREFIX_BYTES || bytes[0] !== MAGIC) return undefined;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const transfer = view.toString('hex', 3, PREFIX_BYTES);
  const version = view[1] ?? 0;
  if (version !== TRANSFER_VERSION) return { type: 'unknown', transfer, version };
  if (view[2] !== CHUNK) return decodeJson(view[2] ?? 0, transfer, view.subarray(PREFIX_BYTES));
  if (view.length < CHUNK_PREFIX_BYTES) return undefined;
  return { type: 'chunk', transfer, offset: Number(view.readBigUInt64BE(PREFIX_BYTES)), bytes: view.subarray(CHUNK_PREFIX_BYTES) };
}

function withJson(kind: number, transfer: TransferId, fields: object): Uint8Array {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  writePrefix(prefix, kind, transfer);
  return Buffer.concat([prefix, Buffer.from(JSON.stringify(fields))]);
}

function writePrefix(buffer: Buffer, kind: number, transfer: TransferId): void {
  buffer[0] = MAGIC;
  buffer[1] = TRANSFER_VERSION;
  buffer[2] = kind;
  buffer.write(transfer, 3, 'hex');
}

function decodeJson(kind: number, transfer: TransferId, json: Buffer): TransferMessage | undefined {
  const fields = parseFields(json);
  const { name, size, sha256, reason } = fields;
  if (kind === HEADER && typeof name === 'string' && (size === undefined || isSize(size))) return { type: 'header', transfer, name, size };
  if (kind === TRAILER && isSize(size) && typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)) return { type: 'trailer', transfer, size, sha256 };
  if (kind === ABORT && typeof reason === 'string') return { type: 'abort', transfer, reason };
  return undefined;
}

function parseFields(json: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json.toString());
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
