import type { NodeHandle } from '@banyan/kbr';
import { digest, type Json, type Millis } from '@banyan/sansio';

/**
 * What a driver writes so that the lab can feed a machine again: one JSON object a line, the header first, then every
 * input in order. Bytes travel as `{"$bytes": hex}`. A recording that was cut off is good up to its last whole line.
 */
export interface RecordingHeader {
  readonly version: typeof RECORDING_VERSION;
  /** Which machine, for instance `overlay-node`; replay knows how to build it. */
  readonly kind: string;
  readonly seed: number;
  /** Everything the machine's constructor was given besides seed and self. */
  readonly config: Json;
  readonly self: NodeHandle;
}

/** One step: the input and a digest of the effects it gave. */
export interface RecordedStep {
  readonly now: Millis;
  readonly input: unknown;
  /** `effectsDigest` of what `handle` returned. */
  readonly effects: string;
}

export interface Recording {
  readonly header: RecordingHeader;
  readonly steps: readonly RecordedStep[];
}

export const RECORDING_VERSION = 1;

/** The first line of a recording, without its line break. */
export function recordingHeaderLine(header: RecordingHeader): string {
  return JSON.stringify(toJson(header));
}

/** The line of one step, without its line break. */
export function recordingStepLine({ now, input, effects }: { readonly now: Millis; readonly input: unknown; readonly effects: readonly unknown[] }): string {
  return JSON.stringify({ now, input: toJson(input), effects: effectsDigest(effects) });
}

/** A fingerprint of what a step did; equal effects in equal order have equal digests. */
export function effectsDigest(effects: readonly unknown[]): string {
  return digest(toJson(effects));
}

/** Reads a recording; a sentence about the first malformed line when it is none. */
export function parseRecording(text: string): Recording | { readonly fault: string } {
  const lines = text.split('\n');
  // What follows the last line break was cut off while it was written, or is empty.
  lines.pop();
  const header = parseLine(lines[0]);
  if (!isHeader(header)) return { fault: `line 1 is no header of a recording of version ${RECORDING_VERSION}` };
  const steps: RecordedStep[] = [];
  for (const [index, line] of lines.slice(1).entries()) {
    const step = parseLine(line);
    if (!isStep(step)) return { fault: `line ${index + 2} is no recorded step` };
    steps.push(step);
  }
  return { header, steps };
}

function parseLine(line: string | undefined): unknown {
  if (line === undefined) return undefined;
  try {
    return fromJson(JSON.parse(line) as Json);
  } catch {
    return undefined;
  }
}

function isHeader(value: unknown): value is RecordingHeader {
  if (typeof value !== 'object' || value === null) return false;
  const { version, kind, seed, self } = value as Partial<Record<keyof RecordingHeader, unknown>>;
  return version === RECORDING_VERSION && typeof kind === 'string' && typeof seed === 'number' && typeof self === 'object' && self !== null && 'config' in value;
}

function isStep(value: unknown): value is RecordedStep {
  if (typeof value !== 'object' || value === null) return false;
  const { now, effects } = value as Partial<Record<keyof RecordedStep, unknown>>;
  return typeof now === 'number' && typeof effects === 'string' && 'input' in value;
}

/** Plain JSON of messages and effects: bytes as hex, absent and undefined members alike left out. */
function toJson(value: unknown): Json {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return { $bytes: toHex(value) };
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object') return typeof value === 'bigint' ? { $bigint: value.toString() } : (value as Json);
  const members: Record<string, Json> = {};
  for (const [name, member] of Object.entries(value)) if (member !== undefined) members[name] = toJson(member);
  return members;
}

function fromJson(json: Json): unknown {
  if (Array.isArray(json)) return json.map(fromJson);
  if (json === null || typeof json !== 'object') return json;
  const object = json as { readonly [name: string]: Json };
  if (typeof object['$bytes'] === 'string') return fromHex(object['$bytes']);
  if (typeof object['$bigint'] === 'string') return BigInt(object['$bigint']);
  return Object.fromEntries(Object.entries(object).map(([name, member]) => [name, fromJson(member)]));
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function toHex(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (const byte of bytes) parts.push(HEX[byte] ?? '');
  return parts.join('');
}

function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length >> 1);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
