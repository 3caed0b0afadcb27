// What requests of OverlayService may hold; each refusal names its field or has a reason of its own.
import { z } from 'zod';
import { keyOfName } from '@banyan/identity';
import { idFromBytes, type Id } from '@banyan/ids';
import type { overlay } from '@banyan/proto';
import { OverlayError } from '@banyan/grpc';

/** Bytes of a routed payload at most. */
export const PAYLOAD_BYTES_MAX = 65_536;
/** Nodes named for a key at most, and when nothing is said. */
const REPLICAS_MAX = 16;
const REPLICAS_DEFAULT = 4;
const KEY_NAME_MAX = 256;
const ID_BYTES = 16;
const APPLICATION = /^[a-z0-9-]{1,64}$/;

/** A key, by its 16 bytes or by a name. */
const key = z.custom<overlay.Key>().transform(keyOf);

const application = z.string().refine((name) => APPLICATION.test(name), { error: 'is 1 to 64 of a-z, 0-9 and hyphens', params: { reason: 'NAME_INVALID' } });

const payload = z
  .instanceof(Uint8Array)
  .refine((bytes) => bytes.length <= PAYLOAD_BYTES_MAX, { error: `is over ${PAYLOAD_BYTES_MAX} bytes`, params: { reason: 'PAYLOAD_TOO_LARGE' } });

const replicas = z.number().int().max(REPLICAS_MAX, `is at most ${REPLICAS_MAX}`).transform((count) => (count === 0 ? REPLICAS_DEFAULT : count));

export const routeRequest = z.object({ key, application, payload });

export const lookupRequest = z.object({ key, replicas });

/** `application` and `payload` count only when something is delivered. */
export const traceRequest = z.discriminatedUnion('dryRun', [
  z.object({ dryRun: z.literal(true), key, application: z.string(), payload: z.instanceof(Uint8Array) }),
  z.object({ dryRun: z.literal(false), key, application, payload }),
]);

/** The first request of an attachment; prefixes are checked where they are used. */
export const attachRequest = z.object({ application, forwardPrefixes: z.array(z.string()), answer: z.undefined({ error: 'is for later requests' }).optional() });

/** A later one: the answer to one offered message. */
export const answerRequest = z
  .object({ forwardId: z.bigint().max(BigInt(Number.MAX_SAFE_INTEGER)).transform(Number), stop: z.boolean(), payload: payload.optional(), nextHop: z.instanceof(Uint8Array) })
  .refine(({ nextHop }) => nextHop.length === 0 || nextHop.length === ID_BYTES, { error: `has ${ID_BYTES} bytes, or none`, path: ['next_hop'] })
  .refine(({ stop, payload, nextHop }) => !stop || (payload === undefined && nextHop.length === 0), { error: 'leaves no room for a payload or a next hop', path: ['stop'] })
  .transform(({ forwardId, stop, payload, nextHop }) => ({
    forwardId,
    decision: stop
      ? { type: 'stop' as const }
      : { type: 'pass' as const, ...(payload === undefined ? {} : { payload }), ...(nextHop.length === 0 ? {} : { nextHop: idFromBytes(nextHop) }) },
  }));

export const replicaSetRequest = z.object({ key, replicas });

export type RouteOrder = z.infer<typeof routeRequest>;
export type LookupOrder = z.infer<typeof lookupRequest>;
export type TraceOrder = z.infer<typeof traceRequest>;

function keyOf(given: overlay.Key | undefined): Id {
  const named = given?.key;
  if (named?.$case === 'id' && named.value.length === ID_BYTES) return idFromBytes(named.value);
  if (named?.$case === 'name' && named.value.length >= 1 && named.value.length <= KEY_NAME_MAX) return keyOfName(named.value);
  throw new OverlayError('KEY_INVALID', `a key is 16 bytes or a name of 1 to ${KEY_NAME_MAX} characters`, { field: 'key' });
}
