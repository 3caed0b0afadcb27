// How single values stand on the wire. A field is a pair of functions; messages are made of fields by name, so that
// a codec reads like the table it is. `fromWire` throws `Malformed` and nothing else.
import type { Id } from '@banyan/ids';
import { Malformed } from './peer-fault.ts';

/** A value of ours and what the generated code makes of it. */
export interface Field<T, W> {
  toWire(value: T): W;
  fromWire(wire: W): T;
}

/** Members of a list at most, unless a message says otherwise. */
export const LIST_MAX = 512;
/** Characters of a text at most. */
export const TEXT_MAX = 256;
/** Bytes of the head of an id. */
const HEAD_BYTES = 6;

/** 16 bytes ↔ 32 hex digits. */
export const id: Field<Id, Uint8Array> = {
  toWire: (value) => Buffer.from(value, 'hex'),
  fromWire: (wire) => {
    if (wire.length !== 16) throw new Malformed('FIELD_INVALID', `an id has 16 bytes, not ${wire.length}`);
    return Buffer.from(wire.buffer, wire.byteOffset, 16).toString('hex') as Id;
  },
};

/** An id, or no bytes for none. */
export const idOrNone: Field<Id | undefined, Uint8Array> = {
  toWire: (value) => (value === undefined ? new Uint8Array(0) : id.toWire(value)),
  fromWire: (wire) => (wire.length === 0 ? undefined : id.fromWire(wire)),
};

/** Whole numbers up to 2^53 - 1, as uint64. */
export const count: Field<number, bigint> = {
  toWire: (value) => BigInt(value),
  fromWire: (wire) => {
    if (wire > BigInt(Number.MAX_SAFE_INTEGER)) throw new Malformed('FIELD_INVALID', `${wire} is beyond 2^53 - 1`);
    return Number(wire);
  },
};

/** Whole numbers up to 2^32 - 1. */
export const small: Field<number, number> = same();

/** Milliseconds and the like: any finite number. */
export const real: Field<number, number> = {
  toWire: (value) => value,
  fromWire: (wire) => {
    if (!Number.isFinite(wire)) throw new Malformed('FIELD_INVALID', 'a number is not finite');
    return wire;
  },
};

export const flag: Field<boolean, boolean> = same();

/** Heads of ids, 48 bits each, one after the other. */
export const heads: Field<readonly number[], Uint8Array> = {
  toWire: (value) => {
    const bytes = Buffer.alloc(HEAD_BYTES * value.length);
    value.forEach((head, index) => bytes.writeUIntBE(head, HEAD_BYTES * index, HEAD_BYTES));
    return bytes;
  },
  fromWire: (wire) => {
    if (wire.length % HEAD_BYTES !== 0 || wire.length > HEAD_BYTES * LIST_MAX) throw new Malformed('FIELD_INVALID', `${wire.length} bytes are no list of heads`);
    const bytes = Buffer.from(wire.buffer, wire.byteOffset, wire.length);
    return Array.from({ length: wire.length / HEAD_BYTES }, (_, index) => bytes.readUIntBE(HEAD_BYTES * index, HEAD_BYTES));
  },
};

/** Text of at most `TEXT_MAX` characters. */
export const text: Field<string, string> = {
  toWire: (value) => value,
  fromWire: (wire) => {
    if (wire.length > TEXT_MAX) throw new Malformed('FIELD_INVALID', `a text has ${wire.length} characters, at most ${TEXT_MAX}`);
    return wire;
  },
};

/** Text, where the empty one stands for none. */
export const textOrNone: Field<string | undefined, string> = {
  toWire: (value) => value ?? '',
  fromWire: (wire) => (wire === '' ? undefined : text.fromWire(wire)),
};

/** Opaque bytes; a view on the frame, no copy. */
export const bytes: Field<Uint8Array, Uint8Array> = same();

/** A field that may be absent on both sides. */
export function optional<T, W>(field: Field<T, W>): Field<T | undefined, W | undefined> {
  return {
    toWire: (value) => (value === undefined ? undefined : field.toWire(value)),
    fromWire: (wire) => (wire === undefined ? undefined : field.fromWire(wire)),
  };
}

/** A message field that must be there, though protobuf lets it be absent. */
export function required<T, W>(field: Field<T, W>): Field<T, W | undefined> {
  return {
    toWire: (value) => field.toWire(value),
    fromWire: (wire) => {
      if (wire === undefined) throw new Malformed('FIELD_INVALID', 'a required message is missing');
      return field.fromWire(wire);
    },
  };
}

/** A list of at most `max` members. */
export function list<T, W>(field: Field<T, W>, max = LIST_MAX): Field<readonly T[], W[]> {
  return {
    toWire: (values) => values.map((value) => field.toWire(value)),
    fromWire: (wires) => {
      if (wires.length > max) throw new Malformed('FIELD_INVALID', `a list has ${wires.length} members, at most ${max}`);
      return wires.map((wire) => field.fromWire(wire));
    },
  };
}

/** One of a closed set of words ↔ the enum of the proto. */
export function word<T extends string, W extends number>(names: Readonly<Record<T, W>>): Field<T, W> {
  const back = new Map<W, T>(Object.entries(names).map(([name, wire]) => [wire as W, name as T]));
  return {
    toWire: (value) => names[value],
    fromWire: (wire) => {
      const name = back.get(wire);
      if (name === undefined) throw new Malformed('FIELD_INVALID', `${wire} is no value of this enum`);
      return name;
    },
  };
}

/** A message: every field of ours by name, its field of the same name on the wire. Absent values are left out. */
export function message<T extends object, W extends object>(
  fields: { readonly [K in Exclude<keyof T, 'type'>]: Field<T[K], K extends keyof W ? W[K] : never> },
  constants: Partial<T> = {},
): Field<T, W> {
  const entries = Object.entries(fields) as [string, Field<unknown, unknown>][];
  return {
    toWire: (value) => {
      const wire: Record<string, unknown> = {};
      for (const [name, field] of entries) wire[name] = field.toWire((value as Record<string, unknown>)[name]);
      return wire as W;
    },
    fromWire: (wire) => {
      const value: Record<string, unknown> = { ...constants };
      for (const [name, field] of entries) {
        const member = field.fromWire((wire as Record<string, unknown>)[name]);
        if (member !== undefined) value[name] = member;
      }
      return value as T;
    },
  };
}

/** The generated form of a oneof. */
export interface OneOf {
  readonly $case: string;
  readonly value: unknown;
}

/** The members of a union that may be of type `K`. */
type Case<T, K> = T extends { readonly type: infer U } ? (K extends U ? T : never) : never;

/** One case of a union; what it looks like on the wire is known to itself only. */
interface CaseOf<T> {
  toWire(value: T): unknown;
  fromWire(wire: never): T;
}

/** A union on `type` ↔ a oneof whose cases have the same names. */
export function variants<T extends { readonly type: string }>(
  cases: { readonly [K in T['type']]: CaseOf<Case<T, K>> },
): Field<T, OneOf | undefined> {
  const fields = new Map(Object.entries(cases) as [string, Field<unknown, unknown>][]);
  return {
    toWire: (value) => ({ $case: value.type, value: fields.get(value.type)?.toWire(value) }),
    fromWire: (wire) => {
      const field = wire === undefined ? undefined : fields.get(wire.$case);
      if (wire === undefined || field === undefined) throw new Malformed('FRAME_UNKNOWN', 'a message of a kind that this version does not know');
      return { ...(field.fromWire(wire.value) as object), type: wire.$case } as unknown as T;
    },
  };
}

function same<T>(): Field<T, T> {
  return { toWire: (value) => value, fromWire: (wire) => wire };
}
