export type { HopMessage } from '@banyan/hop-delivery';
export type { FailedLife, PeerMessage } from '@banyan/peers';
export type { HeartbeatMessage, JoinMessage, LeafSetMessage, PastryMessage, TableMessage } from './messages.ts';
