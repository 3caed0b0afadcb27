export type { FailedLife, PeerMessage } from './messages.ts';
