// What requests of MulticastService may hold.
import { z } from 'zod';
import { groupNameFault } from '@banyan/identity';
import { OverlayError } from '@banyan/grpc';
import { FRAGMENTS_MAX, VISITS_MAX, type SlowPolicy, type Start } from '@banyan/multicast';
import { multicast } from '@banyan/proto';
import { PAYLOAD_BYTES_MAX } from './overlay.requests.ts';

/** Bytes of the messages of one batch at most. */
export const BATCH_BYTES_MAX = 1_048_576;
/** Messages of one batch at most: they share one frame header and one receipt. */
export const BATCH_MESSAGES_MAX = 65_536;
const SESSION_BYTES = 16;

const group = z.string().superRefine((name, context) => {
  const fault = groupNameFault(name);
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault, params: { reason: 'GROUP_NAME_INVALID' } });
});
const POLICIES: ReadonlyMap<multicast.SlowPolicy, SlowPolicy> = new Map([
  [multicast.SlowPolicy.UNSPECIFIED, 'drop-oldest'],
  [multicast.SlowPolicy.DROP_OLDEST, 'drop-oldest'],
  [multicast.SlowPolicy.DETACH, 'detach'],
  [multicast.SlowPolicy.BLOCK, 'block'],
]);
const descriptor = z.custom<multicast.SignedGroupDescriptor | undefined>();
const sequence = z.bigint().max(BigInt(Number.MAX_SAFE_INTEGER), 'is beyond 2^53 - 1').transform(Number);

export const publishOpen = z.object({
  group,
  session: z
    .instanceof(Uint8Array)
    .refine((bytes) => bytes.length === 0 || bytes.length === SESSION_BYTES, `has ${SESSION_BYTES} bytes, or none`)
    .transform((bytes) => (bytes.length === 0 ? undefined : Buffer.from(bytes).toString('hex'))),
  descriptor,
});

export const publishBatch = z.object({
  firstCounter: sequence.refine((counter) => counter >= 1, 'counts from 1'),
  messages: z
    .array(z.instanceof(Uint8Array))
    .min(1, 'holds at least one message')
    .max(BATCH_MESSAGES_MAX, `holds at most ${BATCH_MESSAGES_MAX} messages`)
    .refine((messages) => sizeOf(messages) <= BATCH_BYTES_MAX, { error: `are over ${BATCH_BYTES_MAX} bytes together`, params: { reason: 'MESSAGE_TOO_LARGE' } }),
  trace: z.string().max(64, 'is a W3C traceparent').optional(),
  fragment: z
    .custom<multicast.Fragment | undefined>()
    .transform((given) => (given === undefined ? undefined : { index: given.index, count: given.count }))
    .refine((given) => given === undefined || (given.count >= 2 && given.count <= FRAGMENTS_MAX && given.index < given.count), `is one of 2 to ${FRAGMENTS_MAX} parts, counted from 0`),
});

const slowPolicy = z.custom<multicast.SlowPolicy>((value) => POLICIES.has(value as multicast.SlowPolicy), { error: 'is none of drop-oldest, detach, block' }).transform((policy) => POLICIES.get(policy) ?? 'drop-oldest');

export const subscribeRequest = z.object({ group, start: z.custom<multicast.Start | undefined>().transform(startOf), descriptor, slowPolicy, answersAnycasts: z.boolean().optional() });

const carried = z.instanceof(Uint8Array).refine((bytes) => bytes.length <= PAYLOAD_BYTES_MAX, { error: `is over ${PAYLOAD_BYTES_MAX} bytes`, params: { reason: 'PAYLOAD_TOO_LARGE' } });

export const anycastRequest = z.object({ group, payload: carried, visitsMax: z.number().max(VISITS_MAX, `is at most ${VISITS_MAX}`).transform((visits) => (visits === 0 ? VISITS_MAX : visits)), descriptor });

export const answerAnycastRequest = z.object({ group, offer: sequence, accept: z.boolean(), reply: carried });

export const listSlowRequest = z.object({ group: z.union([z.literal(''), group]) });

export const describePlaceRequest = z.object({ group });

export type AnycastOrder = z.infer<typeof anycastRequest>;
export type AnswerAnycastOrder = z.infer<typeof answerAnycastRequest>;
export type SubscribeOrder = z.infer<typeof subscribeRequest>;
export type DescribePlaceOrder = z.infer<typeof describePlaceRequest>;

function sizeOf(messages: readonly Uint8Array[]): number {
  return messages.reduce((total, message) => total + message.length, 0);
}

// The API's `latest` shows the last value first; the machine's own begins after the graft.
function startOf(given: multicast.Start | undefined): Start {
  const start = given?.start;
  switch (start?.$case) {
    case undefined:
    case 'latest':
      return { type: 'last', count: 1 };
    case 'first':
      return { type: 'first' };
    case 'sequence':
      return { type: 'sequence', sequence: safe(start.value) };
    case 'last':
      return { type: 'last', count: safe(start.value) };
    case 'timeMs':
      return { type: 'time', stampMs: safe(start.value) };
  }
}

function safe(value: bigint): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new OverlayError('REQUEST_INVALID', 'start: is beyond 2^53 - 1', { field: 'start' });
}
