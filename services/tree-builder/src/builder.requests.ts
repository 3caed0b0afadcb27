// What requests may hold, before anything is asked of them, and the defaults of what they leave out.
import { z } from 'zod';
import { idFromBytes } from '@banyan/ids';
import { isSubject } from '@banyan/identity';
import { multicast, type overlay, type peer } from '@banyan/proto';

const ID_BYTES = 16;
const TEXT_MAX = 260;
const SUBJECTS_MAX = 1_000;
const FAN_OUT_MAX = 1_000;
const FAN_OUT_DEFAULT = 8;
const STRIPES_MAX = 16;
const PUBLISHERS_MAX = 64;
const PLAN_FAN_OUT_MAX = 64;
/** With fewer a parity would be a second copy. */
const PARITY_STRIPES_MIN = 3;
const RETENTION_BYTES_MAX = 16n << 30n;
const RETENTION_BYTES_DEFAULT = 64n << 20n;
const RETENTION_MS_MAX = 7n * 86_400_000n;
const RETENTION_MS_DEFAULT = 60_000n;
const WAIT_MS_MAX = 60_000n;
const BACKPRESSURE_DEFAULT: multicast.Backpressure = { bytes: 8n << 20n, maxWaitMs: 2_000n };
const PAGE_SIZE_MAX = 1_000;
const PAGE_SIZE_DEFAULT = 100;
// Groups one node is in at most, as far as one report tells.
const PLACES_MAX = 10_000;
const CHILDREN_MAX = 2_000;
// Members that a root names in one coverage.
const BEHIND_MAX = 8;
const MISSING_MAX = 64;
const MEASURED_MAX = 1_000;
const ROUND_TRIP_MS_MAX = 600_000;
// Hundredths of a millisecond.
const COORDINATE_MAX = 100 * ROUND_TRIP_MS_MAX;

const text = z.string().max(TEXT_MAX);
const idBytes = z.instanceof(Uint8Array).refine((bytes) => bytes.length === ID_BYTES, { error: 'is not 16 bytes' });
const id = idBytes.transform(idFromBytes);
const deliveries: readonly number[] = Object.values(multicast.Delivery);

const delivery = z
  .custom<multicast.Delivery>((value) => deliveries.includes(value as number), { error: 'is none of best-effort, ordered, reliable' })
  .transform((value) => (value === multicast.Delivery.UNSPECIFIED ? multicast.Delivery.RELIABLE : value));

// Empty means anyone who has the scope.
const subjects = z
  .array(z.string().refine((subject) => subject === '*' || isSubject(subject), { error: 'is neither a subject nor *' }))
  .max(SUBJECTS_MAX)
  .transform((list) => (list.length === 0 ? ['*'] : [...new Set(list)]));

export const createGroupRequest = z.object({
  name: text,
  delivery,
  retentionBytes: z.bigint().max(RETENTION_BYTES_MAX).transform((bytes) => (bytes === 0n ? RETENTION_BYTES_DEFAULT : bytes)),
  retentionMs: z.bigint().max(RETENTION_MS_MAX).transform((ms) => (ms === 0n ? RETENTION_MS_DEFAULT : ms)),
  fanOutMax: z.number().max(FAN_OUT_MAX).transform((children) => (children === 0 ? FAN_OUT_DEFAULT : children)),
  publishers: subjects,
  subscribers: subjects,
  stripes: z.number().max(STRIPES_MAX),
  parity: z.boolean().optional(),
  backpressure: z.object({ bytes: z.bigint().max(RETENTION_BYTES_MAX), maxWaitMs: z.bigint().max(WAIT_MS_MAX) }).optional(),
}).refine(({ stripes, parity }) => parity !== true || stripes >= PARITY_STRIPES_MIN, { path: ['parity'], error: `needs at least ${PARITY_STRIPES_MIN} stripes` }).transform(({ backpressure, ...group }) => ({ ...group, backpressure: backpressureOf(group.delivery, backpressure) }));

/** A reliable group waits a little for its readers unless it is told not to; others only when told to. */
function backpressureOf(delivery: multicast.Delivery, asked: multicast.Backpressure | undefined): multicast.Backpressure | undefined {
  if (asked === undefined) return delivery === multicast.Delivery.RELIABLE ? BACKPRESSURE_DEFAULT : undefined;
  return asked.bytes === 0n ? undefined : { bytes: asked.bytes, maxWaitMs: asked.maxWaitMs === 0n ? BACKPRESSURE_DEFAULT.maxWaitMs : asked.maxWaitMs };
}

export const describeGroupRequest = z.object({
  group: z.discriminatedUnion('$case', [z.object({ $case: z.literal('name'), value: text }), z.object({ $case: z.literal('key'), value: id })], {
    error: 'is neither a name nor a key',
  }),
});

export const listGroupsRequest = z.object({
  prefix: text,
  pageSize: z.number().max(PAGE_SIZE_MAX).transform((size) => (size === 0 ? PAGE_SIZE_DEFAULT : size)),
  pageToken: z.string().max(2 * TEXT_MAX),
});

export const deleteGroupRequest = z.object({ name: text });
export const watchGroupsRequest = z.object({ pattern: text });
export const watchTreeRequest = z.object({ group: text });

const node = z.custom<overlay.Node>((value) => idBytes.safeParse((value as overlay.Node | undefined)?.id).success, { error: 'has no id of 16 bytes' });
const place = z.custom<multicast.Place>(
  (value) => {
    const { parent, children, publishers } = value as multicast.Place;
    return (parent === undefined || node.safeParse(parent).success) && children.length <= CHILDREN_MAX && publishers.length <= PUBLISHERS_MAX && [...children, ...publishers].every((other) => node.safeParse(other).success);
  },
  { error: `has a parent or child without id, or more than ${CHILDREN_MAX} children` },
);

const coverage = z
  .custom<multicast.Coverage>()
  .refine(({ group, behind, missing }) => group.length <= TEXT_MAX && behind.length <= BEHIND_MAX && missing.length <= MISSING_MAX, { error: 'names more members than a root names' });

const coordinate = z.custom<peer.Coordinate | undefined>(
  (value) => value === undefined || [(value as peer.Coordinate).x, (value as peer.Coordinate).y].every((part) => Math.abs(part) <= COORDINATE_MAX),
  { error: 'lies farther away than the earth is wide' },
);
const measured = z.object({ node: idBytes, roundTripMs: z.number().nonnegative().max(ROUND_TRIP_MS_MAX) });

export const reportPlacesRequest = z.object({
  node,
  places: z.array(place).max(PLACES_MAX),
  left: z.array(id).max(PLACES_MAX),
  at: coordinate,
  measured: z.array(measured).max(MEASURED_MAX),
  coverages: z.array(coverage).max(PLACES_MAX),
});
export const planRequest = z.object({
  group: text,
  whatIf: z.discriminatedUnion(
    '$case',
    [
      z.object({ $case: z.literal('loseZone'), value: text }),
      z.object({ $case: z.literal('loseRegion'), value: text }),
      z.object({ $case: z.literal('double'), value: z.boolean() }),
      z.object({ $case: z.literal('bestRoot'), value: z.boolean() }),
      z.object({ $case: z.literal('fanOut'), value: z.number().min(1, 'is at least 1').max(PLAN_FAN_OUT_MAX, `is at most ${PLAN_FAN_OUT_MAX}`) }),
    ],
    { error: 'is none of lose_zone, lose_region, double, fan_out, best_root' },
  ),
  seed: z.number(),
});
export const watchAdviceRequest = z.object({ nodeId: id });
