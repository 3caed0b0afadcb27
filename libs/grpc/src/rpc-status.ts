import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';

/**
 * The three messages of google.rpc that an error carries in `grpc-status-details-bin`, encoded by hand: they are small,
 * frozen, and would otherwise pull Google's protos into ours.
 */
export interface RpcStatus {
  readonly code: number;
  readonly message: string;
  readonly errorInfo?: ErrorInfo;
  readonly retryAfterMs?: number;
}

/** google.rpc.ErrorInfo. */
export interface ErrorInfo {
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
}

const ERROR_INFO_URL = 'type.googleapis.com/google.rpc.ErrorInfo';
const RETRY_INFO_URL = 'type.googleapis.com/google.rpc.RetryInfo';
const METADATA_ENTRIES_MAX = 64;

/** The bytes of a google.rpc.Status with its details. */
export function encodeRpcStatus(status: RpcStatus): Uint8Array {
  const writer = new BinaryWriter().uint32(tag(1, VARINT)).int32(status.code).uint32(tag(2, BYTES)).string(status.message);
  if (status.errorInfo !== undefined) writeAny(writer, ERROR_INFO_URL, encodeErrorInfo(status.errorInfo));
  if (status.retryAfterMs !== undefined) writeAny(writer, RETRY_INFO_URL, encodeRetryInfo(status.retryAfterMs));
  return writer.finish();
}

/** What the bytes of a google.rpc.Status say; undefined when they are no such thing. Details of other types are skipped. */
export function decodeRpcStatus(bytes: Uint8Array): RpcStatus | undefined {
  try {
    return readStatus(new BinaryReader(bytes));
  } catch {
    return undefined; // bytes of a stranger: no status is as good as an unreadable one
  }
}

const VARINT = 0;
const BYTES = 2;

function tag(field: number, wireType: number): number {
  return (field << 3) | wireType;
}

function writeAny(writer: BinaryWriter, typeUrl: string, value: Uint8Array): void {
  writer.uint32(tag(3, BYTES)).fork().uint32(tag(1, BYTES)).string(typeUrl).uint32(tag(2, BYTES)).bytes(value).join();
}

function encodeErrorInfo(info: ErrorInfo): Uint8Array {
  const writer = new BinaryWriter().uint32(tag(1, BYTES)).string(info.reason).uint32(tag(2, BYTES)).string(info.domain);
  for (const [key, value] of Object.entries(info.metadata).slice(0, METADATA_ENTRIES_MAX)) {
    writer.uint32(tag(3, BYTES)).fork().uint32(tag(1, BYTES)).string(key).uint32(tag(2, BYTES)).string(value).join();
  }
  return writer.finish();
}

function encodeRetryInfo(ms: number): Uint8Array {
  const seconds = Math.floor(ms / 1000);
  const nanos = Math.round((ms - seconds * 1000) * 1_000_000);
  return new BinaryWriter()
    .uint32(tag(1, BYTES)).fork().uint32(tag(1, VARINT)).int64(seconds).uint32(tag(2, VARINT)).int32(nanos).join()
    .finish();
}

function readStatus(reader: BinaryReader): RpcStatus {
  let status: RpcStatus = { code: 0, message: '' };
  readFields(reader, (field) => {
    if (field === 1) status = { ...status, code: reader.int32() };
    else if (field === 2) status = { ...status, message: reader.string() };
    else if (field === 3) status = { ...status, ...readAny(new BinaryReader(reader.bytes())) };
    else return false;
    return true;
  });
  return status;
}

function readAny(reader: BinaryReader): Pick<RpcStatus, 'errorInfo' | 'retryAfterMs'> {
  let typeUrl = '';
  let value: Uint8Array = new Uint8Array();
  readFields(reader, (field) => {
    if (field === 1) typeUrl = reader.string();
    else if (field === 2) value = reader.bytes();
    else return false;
    return true;
  });
  if (typeUrl === ERROR_INFO_URL) return { errorInfo: readErrorInfo(new BinaryReader(value)) };
  if (typeUrl === RETRY_INFO_URL) return { retryAfterMs: readRetryInfo(new BinaryReader(value)) };
  return {};
}

function readErrorInfo(reader: BinaryReader): ErrorInfo {
  let reason = '';
  let domain = '';
  const metadata: Record<string, string> = {};
  readFields(reader, (field) => {
    if (field === 1) reason = reader.string();
    else if (field === 2) domain = reader.string();
    else if (field === 3) {
      const [key, text] = readEntry(new BinaryReader(reader.bytes()));
      metadata[key] = text;
    } else return false;
    return true;
  });
  return { reason, domain, metadata };
}

function readEntry(reader: BinaryReader): [key: string, value: string] {
  const entry: [string, string] = ['', ''];
  readFields(reader, (field) => {
    if (field !== 1 && field !== 2) return false;
    entry[field - 1] = reader.string();
    return true;
  });
  return entry;
}

function readRetryInfo(reader: BinaryReader): number {
  let ms = 0;
  readFields(reader, (field) => {
    if (field !== 1) return false;
    const duration = new BinaryReader(reader.bytes());
    readFields(duration, (part) => {
      if (part === 1) ms += Number(duration.int64()) * 1000;
      else if (part === 2) ms += duration.int32() / 1_000_000;
      else return false;
      return true;
    });
    return true;
  });
  return ms;
}

/** Walks all fields; `take` reads the one it knows and says true, or says false to have it skipped. */
function readFields(reader: BinaryReader, take: (field: number) => boolean): void {
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (!take(field)) reader.skip(wireType, field);
  }
}
