import type { Id } from '@banyan/ids';
import { assert, type Millis, type Bound } from '@banyan/sansio';
import { Alarms } from './alarms.ts';
import type { SubscriptionId } from './commands.ts';
import { Group } from './group.ts';
import { leaveParent } from './parent.ts';
import { groupDeadline, isIdle, settle, tickGroup } from './role.ts';
import type { Turn } from './turn.ts';

/** A group that was settled this often in one turn does not come to rest. */
const SETTLES_MAX = 10_000;

/** All groups of a node: which of them an input touched, when each is due, and which were left. */
export class GroupTable {
  readonly #turn: Turn;
  readonly #groups = new Map<Id, Group>();
  readonly #touched = new Set<Group>();
  readonly #alarms = new Alarms<Id>();
  /** What is kept of groups this node left: a voter that forgot must not promise again, and what ended stays ended. */
  readonly #forgotten = new Map<Id, Pick<Group, 'record' | 'descriptor'>>();
  #isLeaving = false;

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  get byId(): ReadonlyMap<Id, Group> {
    return this.#groups;
  }

  deadline(): Millis | undefined {
    return this.#alarms.next();
  }

  /** A group this node has a part in; from here to the end of the turn it counts as touched. */
  find(id: Id): Group | undefined {
    const group = this.#groups.get(id);
    if (group !== undefined) this.#touched.add(group);
    return group;
  }

  /** Every group for which `concerns` holds, touched. */
  select(concerns: (group: Group) => boolean): readonly Group[] {
    const groups = [...this.#groups.values()].filter(concerns);
    for (const group of groups) this.#touched.add(group);
    return groups;
  }

  /** The group, with a new part in it if there was none; undefined at the bound. */
  open(id: Id): Group | undefined {
    const known = this.find(id);
    if (known !== undefined) return known;
    if (this.#groups.size >= this.#turn.config.groupsMax) {
      this.#turn.drop('group_limit');
      return undefined;
    }
    const group = new Group(id, (other) => this.#groups.get(other));
    Object.assign(group, this.#forgotten.get(id));
    group.leaving = this.#isLeaving;
    group.upkeepAt = this.#turn.now + this.#turn.jittered(this.#turn.config.upkeepMs);
    this.#groups.set(id, group);
    this.#touched.add(group);
    return group;
  }

  /** The node leaves: no group takes new duties from here on, whether known already or not. */
  leave(): readonly Group[] {
    this.#isLeaving = true;
    const groups = this.select(() => true);
    for (const group of groups) group.leaving = true;
    return groups;
  }

  /** The group in which a subscription reads. */
  homeOf(subscription: SubscriptionId): Group | undefined {
    const id = this.#turn.homes.get(subscription);
    return id === undefined ? undefined : this.find(id);
  }

  /** Remembers where a subscription reads; false when it is known already or there are too many. */
  settleIn(subscription: SubscriptionId, group: Id): boolean {
    const { homes, config } = this.#turn;
    if (homes.has(subscription) || homes.size >= config.subscriptionsMax) return false;
    homes.set(subscription, group);
    return true;
  }

  bounds(): readonly Bound[] {
    const { homes, config } = this.#turn;
    return [
      { name: 'groups', size: this.#groups.size, limit: config.groupsMax },
      { name: 'groups left', size: this.#forgotten.size, limit: config.forgottenMax },
      { name: 'subscriptions', size: homes.size, limit: config.subscriptionsMax },
      { name: 'alarms', size: this.#alarms.size, limit: 64 + 4 * config.groupsMax },
    ];
  }

  /** This node did not run for `pauseMs`: nobody can be blamed for what did not come meanwhile. */
  excuse(pauseMs: Millis): void {
    for (const group of this.#groups.values()) for (const reader of group.subscriptions.values()) reader.since += pauseMs;
  }

  /** Gives every group that is due its tick. */
  tick(): void {
    for (let id = this.#alarms.takeDue(this.#turn.now); id !== undefined; id = this.#alarms.takeDue(this.#turn.now)) {
      const group = this.find(id);
      if (group !== undefined) tickGroup(this.#turn, group);
    }
  }

  /** Lets the role of every touched group follow, sets its alarm, and forgets it when nothing needs it any more. */
  settle(): void {
    let settled = 0;
    for (const group of this.#touched) {
      assert(settled++ < SETTLES_MAX, 'a turn comes to an end');
      this.#touched.delete(group);
      settle(this.#turn, group);
      if (isIdle(this.#turn, group)) this.#forget(group);
      else this.#alarms.set(group.id, groupDeadline(this.#turn, group));
    }
  }

  #forget(group: Group): void {
    leaveParent(this.#turn, group);
    for (const neighbor of this.#turn.neighbors.all()) {
      neighbor.parentIn.delete(group.id);
      neighbor.childIn.delete(group.id);
    }
    this.#groups.delete(group.id);
    this.#alarms.set(group.id, undefined);
    const { record, descriptor } = group;
    if (record === undefined || descriptor === undefined) return;
    this.#forgotten.delete(group.id);
    this.#forgotten.set(group.id, { record, descriptor });
    if (this.#forgotten.size <= this.#turn.config.forgottenMax) return;
    for (const oldest of this.#forgotten.keys()) return void this.#forgotten.delete(oldest);
  }
}
