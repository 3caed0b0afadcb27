import type { Id } from '@banyan/ids';
import { sameIncarnation, type NodeHandle } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';
import type { Group } from './group.ts';
import { seek } from './parent.ts';
import type { Turn } from './turn.ts';

/** A better parent for this node in one group, with what was assumed when it was found. */
export interface ParentAdvice {
  readonly group: Id;
  /** Counter of the epoch in which the tree was looked at. */
  readonly epoch: number;
  /** The parent that this node was seen under. */
  readonly parent: NodeHandle;
  readonly better: NodeHandle;
  /** The share by which the way down from the root would be cheaper, 0 to 1. */
  readonly gain: number;
  /** Worth nothing after so long. */
  readonly forMs: Millis;
}

/**
 * What became of advice. `taken`: the candidate is asked for a place, and the move is one like any other. `expired`: too old.
 * `stale`: another epoch or another parent than assumed, or the candidate is no stranger to this node's place any more.
 * `busy`: something is being repaired or decided here. `duty`: roots and voters stand where the record puts them. `no_gain`: too
 * little for the trouble. `too_soon`: a voluntary move was made a short while ago.
 */
export type AdviceOutcome = 'taken' | 'expired' | 'stale' | 'busy' | 'duty' | 'no_gain' | 'too_soon';

/** The least gain that a move is worth. */
export const ADVICE_GAIN_MIN = 0.15;
/** Between two voluntary moves of one node in one group. */
export const ADVISED_MOVE_EVERY_MS: Millis = 60_000;

/**
 * Takes advice from one who sees the whole tree, or does not. Nothing rests on it: the candidate must grant a place and hear rounds
 * that are newer than ours, so advice that would close a circle is refused by the rule that every move obeys, and the old parent
 * is left only when the new one has been taken. No state is kept but the time of the last move.
 */
export function takeAdvice(turn: Turn, group: Group | undefined, advice: ParentAdvice): AdviceOutcome {
  if (advice.forMs <= 0) return 'expired';
  if (group === undefined || group.closed || group.record === undefined) return 'stale';
  if (group.isRoot(turn) || group.isVoter(turn) || group.duty !== undefined || group.vouchedFor !== undefined) return 'duty';
  if (!isAsAssumed(turn, group, advice)) return 'stale';
  if (isUnderRepair(group)) return 'busy';
  if (!(advice.gain >= ADVICE_GAIN_MIN)) return 'no_gain';
  // Who was asked to move away from a parent does not come back so soon.
  if (group.avoids(turn, advice.better.id) || turn.now - group.advisedAt < ADVISED_MOVE_EVERY_MS || turn.now < group.moveAt) return 'too_soon';
  group.advisedAt = turn.now;
  seek(turn, group, [advice.better]);
  return 'taken';
}

function isAsAssumed(turn: Turn, group: Group, { epoch, parent, better }: ParentAdvice): boolean {
  if (group.parent === undefined || !sameIncarnation(group.parent.handle, parent) || group.record?.epoch.counter !== epoch) return false;
  return !turn.isSelf(better) && better.id !== parent.id && !group.children.has(better.id) && turn.neighbors.stays(better);
}

function isUnderRepair({ attempt, backfill, catchingUp, closingAt, leaving, parent, rootLostAt }: Group): boolean {
  const isMoving = attempt !== undefined || leaving || closingAt !== undefined;
  return isMoving || backfill !== undefined || catchingUp !== undefined || rootLostAt !== undefined || parent?.begun !== true || parent.behindSince !== undefined;
}
