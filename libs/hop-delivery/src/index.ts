export type { HopMessage } from './messages.ts';
