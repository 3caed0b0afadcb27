import type { NodeHandle } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';
import { isVoter } from './epoch.ts';
import { disown } from './children.ts';
import type { Group } from './group.ts';
import type { GroupTable } from './group-table.ts';
import { leaveParent } from './parent.ts';
import type { Turn } from './turn.ts';

/** A node that found nobody to take over its duties goes after so long all the same. */
const LEAVE_MS = 8_000;
/** How often it is said at least, and the time between: who missed it waits until it noticed that the node is gone. */
const SAID_MIN = 3;
const SAY_MS = 100;

/**
 * A node leaves: it says so, takes no more grafts, hands over the groups it is root of, waits until no record names it as
 * voter, points its children at its parents, and then is in no tree. Where everybody else it knows leaves too there is
 * nobody to wait for: a whole overlay stops in the time it takes to say so.
 */
export class Departure {
  #since: Millis | undefined;
  #sayAt: Millis = 0;
  #said = 0;
  #told = false;

  /** Leaving has begun. */
  get isUnderWay(): boolean {
    return this.#since !== undefined;
  }

  start(turn: Turn, groups: GroupTable): void {
    this.#since ??= turn.now;
    for (const group of groups.leave()) {
      group.seal = undefined;
      group.genesis = undefined;
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
    const others = [...concerned(turn, groups.byId.values())];
    if (this.#sayAt <= turn.now) {
      this.#sayAt = turn.now + SAY_MS;
      this.#said++;
      for (const node of others) turn.direct(node, { type: 'departing' });
    }
    const isSaid = others.length === 0 || this.#said >= SAID_MIN;
    if (remaining > 0 || !isSaid) return;
    this.#told = true;
    turn.event({ type: 'left' });
  }

  deadline(): Millis | undefined {
    return this.#since === undefined || this.#told ? undefined : this.#sayAt;
  }
}

/** Root, or a voter whose root can replace it, and somebody stays for whom it matters. */
function hasDuties(turn: Turn, group: Group): boolean {
  const { record } = group;
  if (group.closed || record === undefined) return false;
  if (group.sequencer === undefined && !isVoter(record, turn.self)) return false;
  return [...concerned(turn, [group])].some((node) => turn.neighbors.stays(node));
}

/** Everybody this node could hand over to, and those who may ask it to take something over. */
function concerned(turn: Turn, groups: Iterable<Group>): Iterable<NodeHandle> {
  const found = new Map(turn.view.leaves().map((leaf) => [leaf.id, leaf]));
  for (const { record, parent, children } of groups) {
    for (const node of [...(record?.voters ?? []), ...(parent === undefined ? [] : [parent.handle])]) found.set(node.id, node);
    for (const { handle } of children.values()) found.set(handle.id, handle);
  }
  found.delete(turn.self.id);
  return found.values();
}

function part(turn: Turn, group: Group): void {
  for (const child of [...group.children.values()]) {
    disown(turn, group, child.handle);
    turn.neighbors.get(child.handle.id)?.childIn.delete(group.id);
  }
  group.children.clear();
  leaveParent(turn, group);
}
