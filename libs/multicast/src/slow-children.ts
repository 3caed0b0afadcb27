import type { NodeHandle } from '@banyan/kbr';
import type { Child, Group } from './group.ts';
import { BACKUPS_MAX } from './messages.ts';
import type { Turn } from './turn.ts';

/**
 * A child that has had no credit for a while although a sibling has takes the upload of its parent from the others: it is
 * asked to move below a sibling. Until it has, it is served as far as it takes what it is sent; nobody waits for it.
 */
export function moveSlowChildren(turn: Turn, group: Group): void {
  for (const child of group.children.values()) {
    if (child.stalledSince === undefined || turn.now - child.stalledSince < turn.config.slowChildMs) continue;
    moveDown(turn, group, child, 'slow_child_moved');
  }
}

/** Asks a child to move below one of its siblings, those nearest to this node first; not twice in a short while, and no voter. */
export function moveDown(turn: Turn, group: Group, child: Child, note: string): void {
  if (child.voter || turn.now - child.movedDownAt < turn.config.moveDownMs) return;
  const redirect = siblingsOf(turn, group, child).slice(0, BACKUPS_MAX);
  if (redirect.length === 0) return;
  child.movedDownAt = turn.now;
  turn.direct(child.handle, { type: 'moveDown', group: group.id, redirect });
  turn.note(group.id, note);
}

/** Siblings that keep up. */
function siblingsOf(turn: Turn, group: Group, child: Child): readonly NodeHandle[] {
  const flowing = [...group.children.values()].filter((other) => other !== child && other.stage === 'flowing' && other.stalledSince === undefined);
  const far = (node: NodeHandle): number => turn.view.roundTripMs(node.id) ?? Number.MAX_SAFE_INTEGER;
  return flowing.map(({ handle }) => handle).sort((a, b) => far(a) - far(b));
}
