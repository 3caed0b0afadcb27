import type { NodeHandle } from '@banyan/kbr';
import { onJoin } from './children.ts';
import type { GroupDescriptor, Verified } from './descriptor.ts';
import { compareEpochs, type EpochRecord, type Sequence } from './epoch.ts';
import { startGenesis } from './genesis.ts';
import type { Group } from './group.ts';
import { install, sendToChildren } from './history.ts';
import { openIntake } from './intake.ts';
import type { RoutedMessage } from './messages.ts';
import { leaveParent, seek } from './parent.ts';
import type { Turn } from './turn.ts';

/** Askers that wait for a group to open at this node. */
const WAITING_MAX = 1_024;

/** A routed message ended here: this node owns the group's key, and is the meeting point even where it is not the root. */
export function onDelivered(turn: Turn, group: Group, message: RoutedMessage): void {
  switch (message.type) {
    case 'join':
      learn(turn, group, message);
      if (group.closed || !onJoin(turn, group, message, true)) return;
      stand(turn, group);
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
      answerAnnounce(turn, group, message.record);
      stand(turn, group);
      return;
  }
}

/** Takes over what a message tells about the group. A descriptor that says so ends the group. */
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
  if (group.sequencer !== undefined) openIntake(turn, group, publisher);
  else if (record !== undefined && descriptor !== undefined) turn.direct(publisher, { type: 'rootIs', group: group.id, record, descriptor });
  else wait(turn, group, publisher, 'rootIs');
  if (!group.closed) stand(turn, group);
}

/** The group is over: everybody below is told after all that came before, and the readers here too. */
export function closeGroup(turn: Turn, group: Group): void {
  if (group.closed || group.descriptor === undefined) return;
  const { descriptor, record } = group;
  group.closed = true;
  sendToChildren(turn, group, { type: 'closed', group: group.id, descriptor });
  for (const { node } of group.intakes.values()) {
    if (record !== undefined) turn.direct(node, { type: 'rootIs', group: group.id, record, descriptor });
  }
  for (const child of group.children.values()) turn.neighbors.get(child.handle.id)?.childIn.delete(group.id);
  for (const { id } of group.subscriptions.values()) turn.event({ type: 'ended', subscription: id, group: group.id, reason: 'GROUP_CLOSED' });
  leaveParent(turn, group);
  group.children.clear();
  group.subscriptions.clear();
  group.intakes.clear();
  group.waiting.clear();
  group.ring.reset(group.ring.next);
  for (const part of ['sequencer', 'seal', 'genesis', 'attempt', 'backfill', 'fetch', 'duty', 'catchingUp'] as const) delete group[part];
  turn.note(group.id, 'group_closed');
}

function onOpen(turn: Turn, group: Group, open: Extract<RoutedMessage, { type: 'open' }>): void {
  const { record, descriptor } = group;
  if (group.closed) {
    if (record !== undefined && !turn.isSelf(record.root)) turn.direct(record.root, open);
    if (record !== undefined && descriptor !== undefined) turn.direct(open.asker, { type: 'opened', group: group.id, record, descriptor });
    return;
  }
  if (record !== undefined && !group.isRoot(turn)) turn.direct(record.root, open);
  wait(turn, group, open.asker, 'opened');
  stand(turn, group);
}

/** Of two epochs one gives way: whoever told of the older one is told of the newer. */
function answerAnnounce(turn: Turn, group: Group, record: EpochRecord): void {
  const { record: ours, descriptor } = group;
  if (ours === undefined || descriptor === undefined || compareEpochs(ours.epoch, record.epoch) <= 0) return;
  turn.direct(record.root, { type: 'record', group: group.id, record: ours, descriptor });
}

/** The owner of the key stands in the tree, or finds out whether there is one. */
function stand(turn: Turn, group: Group): void {
  if (group.attached || group.closed) return;
  if (group.record !== undefined) {
    if (group.wanted(turn)) seek(turn, group);
  } else startGenesis(turn, group);
}

function learnDescriptor(turn: Turn, group: Group, descriptor: Verified<GroupDescriptor>): void {
  if (descriptor.group !== group.id || (group.descriptor !== undefined && group.descriptor.version >= descriptor.version)) return;
  group.descriptor = descriptor;
  if (descriptor.closed) closeGroup(turn, group);
}

function wait(turn: Turn, group: Group, node: NodeHandle, answer: 'opened' | 'rootIs'): void {
  if (group.waiting.size >= WAITING_MAX) {
    turn.drop('group_limit');
    return;
  }
  group.waiting.set(`${answer}\n${node.id}`, { node, answer, since: turn.now });
}
