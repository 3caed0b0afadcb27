import { AHEAD_MAX, VISITS_MAX } from './anycast.ts';
import { LINEAGE_MAX, VOTERS_MAX, type EpochRecord } from './epoch.ts';
import { FRAGMENTS_MAX, SNAPSHOT_RECEIPTS_MAX, SNAPSHOT_SESSIONS_MAX, type Block, type MulticastFrame } from './frames.ts';
import { PLACE_AHEAD_MAX, PLACE_VISITS_MAX } from './stripes/spare-capacity.ts';
import { STRIPES_MAX } from './stripes/stripe-groups.ts';
import { BACKUPS_MAX, BEAT_GROUPS_MAX, CERTIFICATES_MAX, COVER_WORST_MAX, RECEIPTS_MAX, type MulticastMessage } from './messages.ts';

/** What a peer did wrong; its links are closed. */
export type MulticastFault = 'record_malformed' | 'list_too_long' | 'number_out_of_range' | 'frame_malformed' | 'batch_over_credit';

/** What is wrong with a message whatever state this node is in; undefined: nothing. The codec checked the types. */
export function faultOfMessage(message: MulticastMessage): MulticastFault | undefined {
  // Most messages are beats, and beats hold no records.
  if (message.type !== 'beat') for (const record of recordsIn(message)) if (!isWellFormed(record)) return 'record_malformed';
  switch (message.type) {
    case 'beat':
      if (message.down.length > BEAT_GROUPS_MAX || message.up.length > BEAT_GROUPS_MAX) return 'list_too_long';
      if (message.up.some((beat) => (beat.cover?.worst.length ?? 0) > COVER_WORST_MAX)) return 'list_too_long';
      return message.down.some((beat) => (beat.backups?.length ?? 0) > BACKUPS_MAX) ? 'list_too_long' : undefined;
    case 'certify':
      return message.certificates.length > CERTIFICATES_MAX ? 'list_too_long' : undefined;
    case 'graftAck':
      if (message.backups.length > BACKUPS_MAX) return 'list_too_long';
      return isCount(message.low) && isCount(message.next) && isCount(message.committed) ? undefined : 'number_out_of_range';
    case 'graftRefused':
    case 'moveDown':
    case 'notChild':
      return message.redirect.length > BACKUPS_MAX ? 'list_too_long' : undefined;
    case 'receipts':
      return message.receipts.length > RECEIPTS_MAX ? 'list_too_long' : undefined;
    case 'resume':
      return isCount(message.next) && isCount(message.flow) && isCount(message.creditBytes) ? undefined : 'number_out_of_range';
    case 'fetch':
      return isCount(message.from) && isCount(message.to) && message.bytesMax > 0 ? undefined : 'number_out_of_range';
    case 'findPlace':
      return message.visited.length > PLACE_VISITS_MAX || message.ahead.length > PLACE_AHEAD_MAX ? 'list_too_long' : undefined;
    case 'anycast':
      if (message.visited.length > VISITS_MAX || message.ahead.length > AHEAD_MAX) return 'list_too_long';
      return isCount(message.query) && isCount(message.visitsMax) ? undefined : 'number_out_of_range';
    case 'locate':
      return isCount(message.stampMs) && isCount(message.hops) ? undefined : 'number_out_of_range';
    case 'located':
      return isCount(message.sequence) ? undefined : 'number_out_of_range';
    case 'promise':
    case 'voterAck':
    case 'caughtUp':
      return isCount(message.next) ? undefined : 'number_out_of_range';
    default:
      return undefined;
  }
}

/** What is wrong with a frame; undefined: nothing. */
export function faultOfFrame(frame: MulticastFrame): MulticastFault | undefined {
  switch (frame.type) {
    case 'stamped': {
      const counted = frame.blocks.reduce((sum, block) => sum + block.count, 0);
      const bytes = frame.blocks.reduce((sum, block) => sum + block.bytes, 0);
      const fits = counted === frame.count && bytes === frame.bytes && frame.count > 0 && isCount(frame.firstSequence) && frame.firstSequence > 0;
      return fits && frame.blocks.every((block) => block.count > 0 && isSoundPart(block, true)) ? undefined : 'frame_malformed';
    }
    case 'gap':
      return isCount(frame.from) && isCount(frame.to) && frame.from < frame.to ? undefined : 'frame_malformed';
    case 'batch':
      return frame.block.count > 0 && isCount(frame.block.counter) && frame.block.bytes >= 0 && isSoundPart(frame.block, false) ? undefined : 'frame_malformed';
    case 'begin':
    case 'epoch':
      return isWellFormed(frame.record) ? undefined : 'record_malformed';
    case 'sessions':
      if (frame.sessions.length > SNAPSHOT_SESSIONS_MAX) return 'list_too_long';
      return frame.sessions.some((session) => session.receipts.length > SNAPSHOT_RECEIPTS_MAX) ? 'list_too_long' : undefined;
    case 'mark':
    case 'closed':
      return undefined;
  }
}

function recordsIn(message: MulticastMessage): readonly EpochRecord[] {
  const records: EpochRecord[] = [];
  if ('record' in message && message.record !== undefined) records.push(message.record);
  if (message.type === 'accept') records.push(message.proposal);
  if (message.type === 'promise' && message.accepted !== undefined) records.push(message.accepted.record);
  return records;
}

/** A record names its own root as its epoch does, at least one voter, and no more than its bounds. */
function isWellFormed(record: EpochRecord): boolean {
  const { epoch, root, voters, lineage, firstSequence } = record;
  if (voters.length === 0 || voters.length > VOTERS_MAX || lineage.length > LINEAGE_MAX) return false;
  return epoch.root === root.id && epoch.incarnation === root.incarnation && isCount(firstSequence) && firstSequence > 0;
}

/** Only a root gives a message up, so only what is numbered may say so. */
function isSoundPart({ count, fragment, row }: Block, isNumbered: boolean): boolean {
  if ((row?.length ?? 0) > STRIPES_MAX) return false;
  if (fragment === undefined) return true;
  if (fragment.count === 0) return isNumbered && fragment.index === 0 && count === 1;
  return count === 1 && isCount(fragment.index) && fragment.index < fragment.count && fragment.count <= FRAGMENTS_MAX;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
