import { digitCount } from '@banyan/ids';
import type { PastryConfig } from './config.ts';
import type { Located, PastryMessage } from './messages.ts';

/** True when a message holds a longer list than any honest node sends: a fault of the peer. */
export function listsTooMany(message: PastryMessage, config: PastryConfig): boolean {
  switch (message.type) {
    case 'joinRows':
      return (
        message.rows.length > digitCount(config.digitBits) ||
        isTooLong(message.neighborhood, config) ||
        message.rows.some((row) => isTooLong(row, config))
      );
    case 'joinAccept':
    case 'leavesReply':
      return message.leaves.length > config.handlesMax;
    case 'leafProbe':
      return message.outline.heads.length > config.handlesMax;
    case 'leafReply':
      return (
        message.leaves.length > config.handlesMax ||
        message.wanted.length > config.handlesMax ||
        message.failed.length > config.handlesMax ||
        message.delivered.length > config.hops.handOverMax
      );
    case 'leafNews':
      return message.leaves.length > config.handlesMax || message.failed.length > config.handlesMax;
    case 'heartbeat':
      return message.leaves.length > config.handlesMax || message.failed.length > config.handlesMax || message.running.length > config.handlesMax;
    case 'announce':
    case 'rowReply':
      return isTooLong(message.entries, config);
    default:
      return false;
  }
}

function isTooLong({ nodes, places }: Located, config: PastryConfig): boolean {
  return nodes.length > config.handlesMax || places.length > config.handlesMax;
}
