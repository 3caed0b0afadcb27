import type { NodeHandle } from '@banyan/kbr';
import { onJoin } from './children.ts';
import { tellClosed } from './closing.ts';
import type { GroupDescriptor, Verified } from './descriptor.ts';
import { compareEpochs, type EpochRecord, type Sequence } from './epoch.ts';
import { startGenesis } from './genesis.ts';
import type { Group } from './group.ts';
import { install } from './history.ts';
import { openIntake } from './intake.ts';
import type { RoutedMessage } from './messages.ts';
import { seek } from './parent.ts';
import type { Turn } from './turn.ts';

/** Askers that wait for a group to open at this node. */
export const ASKERS_MAX = 1_024;

/** A routed message ended here: this node owns the group's key, and is the meeting point even where it is not the root. */
export function onDelivered(turn: Turn, group: Group, message: RoutedMessage): void {
  switch (message.type) {
    case 'join':
      learn(turn, group, message);
      if (group.descriptor?.closed === true) tellClosed(turn, group, message.child);
      else if (onJoin(turn, group, message, true)) stand(turn, group);
      return;
    case 'findRoot':
      learn(turn, group, message);
      onFindRoot(turn, group, message.publisher);
      return;
    case 'open':
      learn(turn, group, { descriptor: message.descriptor, next: 1 });
      onOpen(turn, group, message);
      return;
    case 'announce':
      learn(turn, group, message);
      tellNewer(turn, group, message.record.root, message.record);
      stand(turn, group);
      return;
  }
}

/** Takes over what a message tells about the group. */
export function learn(
  turn: Turn,
  group: Group,
  told: { readonly descriptor?: Verified<GroupDescriptor>; readonly record?: EpochRecord; readonly next?: Sequence },
): void {
  if (told.next !== undefined) group.sawSequence(told.next);
  if (told.descriptor !== undefined) learnDescriptor(turn, group, told.descriptor);
  if (told.record !== undefined) install(turn, group, told.record);
}

/** A publisher's node asks for the root. */
export function onFindRoot(turn: Turn, group: Group, publisher: NodeHandle): void {
  const { descriptor, record } = group;
  if (group.sequencer !== undefined && descriptor?.closed !== true) openIntake(turn, group, publisher, true);
  else if (record !== undefined && descriptor !== undefined) turn.direct(publisher, { type: 'rootIs', group: group.id, record, descriptor });
  else wait(turn, group, publisher, 'rootIs');
  stand(turn, group);
}

function onOpen(turn: Turn, group: Group, open: Extract<RoutedMessage, { type: 'open' }>): void {
  const { record, descriptor } = group;
  if (descriptor?.closed === true) {
    if (record !== undefined && !turn.isSelf(record.root)) turn.direct(record.root, open);
    if (record !== undefined && descriptor !== undefined) turn.direct(open.asker, { type: 'opened', group: group.id, record, descriptor });
    return;
  }
  if (record !== undefined && !group.isRoot(turn)) turn.direct(record.root, open);
  wait(turn, group, open.asker, 'opened');
  stand(turn, group);
}

/** Of two epochs one gives way: whoever told of the older one is told of the newer. True when theirs was older. */
export function tellNewer(turn: Turn, group: Group, to: NodeHandle, theirs: EpochRecord): boolean {
  const { record, descriptor } = group;
  if (record === undefined || descriptor === undefined || compareEpochs(record.epoch, theirs.epoch) <= 0) return false;
  turn.direct(to, { type: 'record', group: group.id, record, descriptor });
  return true;
}

/** The owner of the key stands in the tree, or finds out whether there is one. */
function stand(turn: Turn, group: Group): void {
  if (group.attached || group.descriptor?.closed === true) return;
  if (group.record !== undefined) {
    if (group.wanted(turn)) seek(turn, group);
  } else startGenesis(turn, group);
}

function learnDescriptor(turn: Turn, group: Group, descriptor: Verified<GroupDescriptor>): void {
  if (descriptor.group !== group.id || (group.descriptor !== undefined && group.descriptor.version >= descriptor.version)) return;
  group.descriptor = descriptor;
  if (!descriptor.closed) return;
  for (const { node } of group.intakes.values()) onFindRoot(turn, group, node);
  group.intakes.clear();
}

function wait(turn: Turn, group: Group, node: NodeHandle, answer: 'opened' | 'rootIs'): void {
  const key = `${answer}\n${node.id}`;
  if (group.waiting.size >= ASKERS_MAX && !group.waiting.has(key)) {
    turn.drop('group_limit');
    return;
  }
  group.waiting.set(key, { node, answer, since: turn.now });
}
