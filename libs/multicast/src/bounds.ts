import type { Bound } from '@banyan/sansio';
import type { Group } from './group.ts';
import { VOTERS_MAX } from './epoch.ts';
import { placedMax, PENDING_MAX } from './children.ts';
import { ASKED_MAX } from './genesis.ts';
import { TRIED_MAX } from './parent.ts';
import { ASKERS_MAX } from './owner.ts';
import { INVITED_MAX } from './succession.ts';
import { GIVEN_MAX } from './taken.ts';
import type { Turn } from './turn.ts';

/** Everything one node keeps for one group that grows with what others do. */
export function groupBounds(turn: Turn, group: Group): readonly Bound[] {
  const { config } = turn;
  const { seal, genesis, sequencer, attempt, intakes } = group;
  return [
    ...historyBounds(turn, group),
    { name: 'children', size: group.children.size, limit: placedMax(turn, group) + PENDING_MAX },
    { name: 'roster', size: group.roster.size, limit: config.rosterMax },
    { name: 'frames given apart', size: Math.max(0, ...[...group.subscriptions.values()].map(({ given }) => given.length)), limit: GIVEN_MAX },
    { name: 'askers', size: group.waiting.size, limit: ASKERS_MAX },
    { name: 'candidates tried', size: attempt?.tried.size ?? 0, limit: TRIED_MAX },
    { name: 'intakes', size: intakes.size, limit: config.intakesMax },
    { name: 'publishing sessions', size: group.sessions.size, limit: config.sessionsMax },
    { name: 'receipts of a session', size: group.sessions.receiptsMost, limit: 2 * config.receiptsMax },
    { name: 'receipts owed', size: sequencer?.owed.length ?? 0, limit: config.sessionsMax * config.receiptsMax },
    { name: 'large messages waited for', size: sequencer?.unfinished.size ?? 0, limit: config.sessionsMax },
    { name: 'voters heard', size: sequencer?.votes.size ?? 0, limit: VOTERS_MAX },
    { name: 'voters missing', size: sequencer?.missing.size ?? 0, limit: VOTERS_MAX },
    { name: 'voters invited', size: sequencer?.invited.size ?? 0, limit: INVITED_MAX },
    { name: 'promises', size: Math.max(seal?.promises.size ?? 0, seal?.restarted.size ?? 0, seal?.caughtUp.size ?? 0, seal?.accepted.size ?? 0), limit: VOTERS_MAX },
    { name: 'leaves asked', size: Math.max(genesis?.answered.size ?? 0, genesis?.ready.size ?? 0), limit: ASKED_MAX },
  ];
}

/**
 * What is committed fits the group's retention (whose newest frame is kept whatever its size); what is not may be as much
 * as a root takes in before it grants no more.
 */
function historyBounds(turn: Turn, group: Group): readonly Bound[] {
  const { ring, descriptor, backfill } = group;
  const { uncommittedBytesMax, intakeBytes, intakesMax } = turn.config;
  const uncommitted = ring.bytesFrom(group.deliverable);
  const newest = ring.entryFor(ring.next - 1)?.cost ?? 0;
  const granted = (group.sequencer === undefined ? intakesMax : group.intakes.size + 1) * 2 * intakeBytes;
  const retention = descriptor === undefined ? [] : [{ name: 'bytes retained', size: ring.bytes - uncommitted, limit: Math.max(newest, descriptor.retentionBytes) }];
  const older = descriptor === undefined || backfill === undefined ? [] : [{ name: 'bytes fetched', size: backfill.ring.bytes, limit: descriptor.retentionBytes + uncommittedBytesMax + granted }];
  return [...retention, ...older, { name: 'bytes uncommitted', size: uncommitted, limit: uncommittedBytesMax + granted }];
}
