import type { Id } from '@banyan/ids';
import type { Bound, Millis } from '@banyan/sansio';
import type { Child, Group } from './group.ts';
import { moveDown } from './slow-children.ts';
import type { Turn } from './turn.ts';

/**
 * Relief of a node that carries too many children in all its groups together: in the group that costs most it asks the farthest child
 * to move below a sibling, one a look, until it carries no more than it may. Within one group the fan-out limit keeps a node from
 * being overloaded; over many groups, of which each thinks it has a place here, only this does.
 * Source: Castro et al. 2002 (Scribe), §II-F, the bottleneck remover; its cost of a group is its children, ours what they are sent.
 */
export class Relief {
  #lookAt: Millis = -Infinity;
  /** What had been sent to the children of each group when this node was looked at last; only while it carries too many. */
  #sent = new Map<Id, number>();

  /** Looks again if it is time; costs nothing else. */
  look(turn: Turn, groups: ReadonlyMap<Id, Group>): void {
    if (turn.now < this.#lookAt) return;
    this.#lookAt = turn.now + turn.config.upkeepMs;
    if (carried(groups.values()) <= carriedMax(turn)) {
      this.#sent.clear();
      return;
    }
    const before = this.#sent;
    this.#sent = new Map([...groups.values()].map((group) => [group.id, sentIn(group)]));
    // The first look only tells what has been sent so far.
    if (before.size > 0) this.#relieve(turn, groups, before);
  }

  bounds({ config }: Turn): readonly Bound[] {
    return [{ name: 'groups weighed for relief', size: this.#sent.size, limit: config.groupsMax }];
  }

  #relieve(turn: Turn, groups: ReadonlyMap<Id, Group>, before: ReadonlyMap<Id, number>): void {
    const costs = [...groups.values()].map((group) => ({ group, bytes: Math.max(0, sentIn(group) - (before.get(group.id) ?? 0)), children: placed(group) }));
    costs.sort((a, b) => b.bytes - a.bytes || b.children - a.children);
    for (const { group } of costs) {
      const child = farthest(turn, group);
      if (child === undefined) continue;
      moveDown(turn, group, child, 'child_relieved');
      return;
    }
  }
}

/** Children that a node carries in all groups together at most; relief begins beyond. */
export function carriedMax({ self, config }: Turn): number {
  return Math.max(1, self.capacity) * config.carriedTimes;
}

function carried(groups: Iterable<Group>): number {
  let count = 0;
  for (const group of groups) count += placed(group);
  return count;
}

/** Stripes share one number of places and push children out by rules of their own. */
function placed(group: Group): number {
  if (group.closed || group.descriptor?.stripe !== undefined) return 0;
  let count = 0;
  for (const { stage } of group.children.values()) if (stage !== 'pending') count++;
  return count;
}

function sentIn(group: Group): number {
  let bytes = 0;
  for (const { sentBytes } of group.children.values()) bytes += sentBytes;
  return bytes;
}

/** The farthest child that could move, and has a sibling to move to. */
function farthest(turn: Turn, group: Group): Child | undefined {
  if (placed(group) < 2) return undefined;
  let found: { readonly child: Child; readonly ms: number } | undefined;
  for (const child of group.children.values()) {
    if (child.voter || child.stage !== 'flowing' || turn.now - child.movedDownAt < turn.config.moveDownMs) continue;
    const ms = turn.view.roundTripMs(child.handle.id) ?? 0;
    if (found === undefined || ms > found.ms) found = { child, ms };
  }
  return found?.child;
}
