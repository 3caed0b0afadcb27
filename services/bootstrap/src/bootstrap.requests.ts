// What requests may hold, before anything is asked of them.
import { z } from 'zod';
import { idFromBytes } from '@banyan/ids';
import { HOST_PORT } from '@banyan/service-kit/settings';
import { LISTED_MAX } from './supernode-directory.ts';

const ID_BYTES = 16;
const LABEL_MAX = 64;
const CAPACITY_MAX = 100_000;
// A DNS name of full length with a port.
const ADDRESS_MAX = 260;

const address = z.string().max(ADDRESS_MAX).regex(HOST_PORT, 'is not host:port');
const label = z.string().max(LABEL_MAX);
const load = z.number().min(0).max(1);
const nodeId = z
  .instanceof(Uint8Array)
  .refine((bytes) => bytes.length === ID_BYTES, { error: 'is not 16 bytes' })
  .transform(idFromBytes);

const node = z.object({
  id: z.instanceof(Uint8Array).refine((bytes) => bytes.length === ID_BYTES, { error: 'is not 16 bytes' }),
  incarnation: z.bigint(),
  controlAddress: address,
  dataAddress: address,
  region: label,
  zone: label,
  capacity: z.number().min(1).max(CAPACITY_MAX),
  apiAddress: address,
});

export const registerRequest = z.object({ node, load });
export const heartbeatRequest = z.object({ nodeId, incarnation: z.bigint(), load, ready: z.boolean() });
export const deregisterRequest = z.object({ nodeId });
export const listRequest = z.object({
  region: label,
  limit: z
    .number()
    .max(LISTED_MAX)
    .transform((limit) => (limit === 0 ? LISTED_MAX : limit)),
  includeJoining: z.boolean(),
});
