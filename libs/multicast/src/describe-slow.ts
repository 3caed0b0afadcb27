import type { Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';
import type { SlowPolicy } from './commands.ts';
import type { Group } from './group.ts';
import { isCounted, queueBytesOf } from './slow-readers.ts';
import type { Turn } from './turn.ts';

/** Somebody who takes messages of a node more slowly than they come: a local reader, or a child in the tree. */
export interface SlowReader {
  readonly group: Id;
  readonly name: string | undefined;
  readonly who: { readonly type: 'client'; readonly client: string; readonly policy: SlowPolicy; readonly counted: boolean } | { readonly type: 'child'; readonly node: NodeHandle };
  /** What waits for it, bytes. */
  readonly queueBytes: number;
  /** For how long it has had no room. */
  readonly ageMs: Millis;
}

/** Who stands still in one group. Pure. */
export function slowReaders(turn: Turn, group: Group): readonly SlowReader[] {
  const named = { group: group.id, name: group.descriptor?.name };
  const found: SlowReader[] = [];
  for (const child of group.children.values()) {
    if (child.stalledSince === undefined) continue;
    found.push({ ...named, who: { type: 'child', node: child.handle }, queueBytes: group.ring.bytesFrom(child.position), ageMs: turn.now - child.stalledSince });
  }
  for (const reader of group.subscriptions.values()) {
    if (reader.stalledSince === undefined) continue;
    const { client, policy } = reader;
    found.push({ ...named, who: { type: 'client', client, policy, counted: isCounted(turn, group, reader) }, queueBytes: queueBytesOf(group, reader), ageMs: turn.now - reader.stalledSince });
  }
  return found;
}
