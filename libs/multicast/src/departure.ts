import type { Id } from '@banyan/ids';
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
/** Children that found no other parent in so long are told that they have none: they lose it in any case, and look harder then. */
const CHILDREN_MS = 1_000;
/** How often it is said at least, and the time between: who missed it waits until it noticed that the node is gone. */
const SAID_MIN = 3;
const SAY_MS = 100;

/** What a leaving node still waits for; only what somebody who stays could take over counts. */
export interface Remaining {
  /** Groups that it numbers. */
  readonly roots: number;
  /** Groups that it votes in. */
  readonly voters: number;
  readonly children: number;
  /** Local subscriptions, which the shell moves. */
  readonly readers: number;
}

/**
 * A node leaves: it says so, takes no more grafts, hands over the groups it is root of, waits until no record names it as
 * voter, until its children have found other parents (they keep it while they look) and until its own readers are gone, and
 * then is in no tree. Where everybody else it knows leaves too there is
 * nobody to wait for: a whole overlay stops in the time it takes to say so.
 */
export class Departure {
  #since: Millis | undefined;
  #sayAt: Millis = 0;
  #said = 0;
  #told = false;
  #withinMs: Millis = LEAVE_MS;
  /** Since when nothing but children and readers is left of a group. */
  readonly #idleSince = new Map<Id, Millis>();

  /** Leaving has begun. */
  get isUnderWay(): boolean {
    return this.#since !== undefined;
  }

  /** It is over after `withinMs`, whatever remains then. */
  start(turn: Turn, groups: GroupTable, withinMs: Millis = LEAVE_MS): void {
    this.#since ??= turn.now;
    this.#withinMs = withinMs;
    for (const group of groups.leave()) {
      group.seal = undefined;
      group.genesis = undefined;
      group.upkeepAt = turn.now;
    }
    this.tick(turn, groups);
  }

  tick(turn: Turn, groups: GroupTable): void {
    if (this.#since === undefined || this.#told) return;
    const isOver = turn.now - this.#since >= this.#withinMs;
    let remaining = 0;
    for (const group of groups.select(() => true)) {
      if (!isOver && this.#isAwaited(turn, group)) remaining++;
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

  /** What it still waits for. */
  remaining(turn: Turn, groups: GroupTable): Remaining {
    const all = [...groups.byId.values()];
    const duties = all.filter((group) => hasDuties(turn, group));
    return {
      roots: duties.filter((group) => group.sequencer !== undefined).length,
      voters: duties.filter((group) => group.record !== undefined && isVoter(group.record, turn.self)).length,
      children: all.reduce((sum, group) => sum + staying(turn, group), 0),
      readers: all.reduce((sum, group) => sum + group.subscriptions.size, 0),
    };
  }

  #isAwaited(turn: Turn, group: Group): boolean {
    if (hasDuties(turn, group)) {
      this.#idleSince.delete(group.id);
      return true;
    }
    if (group.closed) return false;
    const since = this.#idleSince.get(group.id) ?? turn.now;
    this.#idleSince.set(group.id, since);
    if (staying(turn, group) > 0 && turn.now - since < CHILDREN_MS) return true;
    if (group.subscriptions.size === 0) return false;
    if (staying(turn, group) > 0) disownAll(turn, group); // readers go on; children waited long enough
    return true;
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

/** Children that stay in the ring and so need another parent. */
function staying(turn: Turn, group: Group): number {
  return [...group.children.values()].filter(({ handle }) => turn.neighbors.stays(handle)).length;
}

function part(turn: Turn, group: Group): void {
  disownAll(turn, group);
  leaveParent(turn, group);
}

function disownAll(turn: Turn, group: Group): void {
  for (const child of [...group.children.values()]) {
    disown(turn, group, child.handle);
    turn.neighbors.get(child.handle.id)?.childIn.delete(group.id);
  }
  group.children.clear();
}
