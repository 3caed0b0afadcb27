export { DEFAULT_PEERS_CONFIG, type PeersConfig } from './config.ts';
export { distanceMs } from './coordinates.ts';
export type { FailedLife, PeerMessage } from './messages.ts';
export { Peers, type Heard, type PeerEffect, type PeersDeps } from './peers.ts';
export type { ProbeKind } from './probes.ts';
export { RoundTrips, type TimeoutBounds } from './round-trip.ts';
