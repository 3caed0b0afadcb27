import type { Millis } from '@banyan/sansio';
import { isVoter } from './epoch.ts';
import { disown } from './children.ts';
import type { Group } from './group.ts';
import type { GroupTable } from './group-table.ts';
import { leaveParent } from './parent.ts';
import type { Turn } from './turn.ts';

/** A node that found nobody to take over its duties goes after so long all the same. */
const LEAVE_MS = 8_000;

/**
 * A node leaves: it takes no more grafts, hands over the groups it is root of, waits until no record names it as voter,
 * points its children at its parents, and then is in no tree.
 */
export class Departure {
  #since: Millis | undefined;
  #told = false;

  /** Leaving has begun. */
  get isUnderWay(): boolean {
    return this.#since !== undefined;
  }

  start(turn: Turn, groups: GroupTable): void {
    this.#since ??= turn.now;
    for (const group of groups.leave()) {
      delete group.seal;
      delete group.genesis;
      group.upkeepAt = turn.now;
    }
    this.tick(turn, groups);
  }

  tick(turn: Turn, groups: GroupTable): void {
    if (this.#since === undefined || this.#told) return;
    const isOver = turn.now - this.#since >= LEAVE_MS;
    let remaining = 0;
    for (const group of groups.select(() => true)) {
      if (!isOver && hasDuties(turn, group)) remaining++;
      else part(turn, group);
    }
    if (remaining > 0) return;
    this.#told = true;
    turn.event({ type: 'left' });
  }

  deadline(turn: Turn): Millis | undefined {
    return this.#since === undefined || this.#told ? undefined : turn.now + turn.config.sealRepeatMs;
  }
}

/** Root, or a voter whose root lives and can replace it. */
function hasDuties(turn: Turn, group: Group): boolean {
  const { record } = group;
  if (group.closed || record === undefined) return false;
  const isAlone = record.voters.length === 1 && turn.view.leaves().length === 0;
  return !isAlone && (group.sequencer !== undefined || isVoter(record, turn.self));
}

function part(turn: Turn, group: Group): void {
  for (const child of [...group.children.values()]) {
    disown(turn, group, child.handle);
    turn.neighbors.get(child.handle.id)?.childIn.delete(group.id);
  }
  group.children.clear();
  leaveParent(turn, group);
}
