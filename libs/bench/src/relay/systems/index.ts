import type { RelaySystem } from '../system.ts';
import { banyan } from './banyan.ts';
import { gossipsub } from './gossipsub.ts';
import { grpc } from './grpc.ts';
import { nats } from './nats.ts';
import { tcp } from './tcp.ts';

/** Every system, by the name its rows have. */
export const RELAY_SYSTEMS = { banyan, nats, tcp, tls: tcp, grpc, gossipsub } satisfies Readonly<Record<string, RelaySystem>>;

/** Name of a system in the rows. */
export type RelaySystemName = keyof typeof RELAY_SYSTEMS;
