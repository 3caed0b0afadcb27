import type { NodeHandle } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';
import { compareEpochs, type Epoch, type Sequence } from './epoch.ts';
import type { BatchFrame, Block } from './frames.ts';
import type { Group } from './group.ts';
import { RECEIPTS_MAX, type PublishMessage } from './messages.ts';
import { FRAME_OVERHEAD_BYTES } from './retention-ring.ts';
import { owe, stamp, type Sequencer } from './sequencer.ts';
import type { Turn } from './turn.ts';

const REFUSALS = { forgotten: 'RECEIPT_UNKNOWN', gap: 'COUNTER_GAP', full: 'TOO_MANY_SESSIONS', headless: 'MESSAGE_ABORTED' } as const;

/** One publisher's node as the root serves it. */
export interface Intake {
  readonly node: NodeHandle;
  /** The epoch in which the flow was granted. */
  readonly epoch: Epoch;
  /** Grows with every flow this node ever granted, so that no batch of an older one is taken for it. */
  readonly flow: number;
  readonly since: Millis;
  receivedBytes: number;
  grantedBytes: number;
}

/** What a batch costs in credit. */
export function batchCost(block: Block): number {
  return block.bytes + FRAME_OVERHEAD_BYTES;
}

/**
 * A publisher's node asked for this root (or is served on by a new epoch): its data port is dialled, and it is granted a
 * fresh flow. One that asks again although it sent nothing in the last one may be at the end of a link that swallows.
 */
export function openIntake(turn: Turn, group: Group, publisher: NodeHandle, isAsked = false): void {
  const { record, descriptor } = group;
  if (group.sequencer === undefined || record === undefined || descriptor === undefined) return;
  const known = group.intakes.get(publisher.id);
  if (known === undefined && group.intakes.size >= turn.config.intakesMax) {
    turn.drop('intake_limit');
    return;
  }
  // Everything without a receipt comes again in the new flow, and is owed then.
  group.sequencer.owed = group.sequencer.owed.filter(({ to }) => to.id !== publisher.id);
  const flow = turn.nextFlow();
  group.intakes.set(publisher.id, { node: publisher, epoch: record.epoch, flow, since: turn.now, receivedBytes: 0, grantedBytes: 0 });
  turn.direct(publisher, { type: 'rootIs', group: group.id, record, descriptor });
  if (isAsked && known?.receivedBytes === 0 && known.grantedBytes > 0 && turn.now - known.since >= turn.config.flowStallMs) turn.hangUp(publisher);
  const isOpen = turn.isSelf(publisher) || turn.neighbors.get(publisher.id)?.uplink !== undefined;
  if (isOpen) grant(turn, group, publisher);
  else turn.push({ type: 'dial', to: publisher });
}

/** Lets a publisher's node send more, unless too much waits for its commit. */
export function grant(turn: Turn, group: Group, publisher: NodeHandle): void {
  const { sequencer } = group;
  const intake = group.intakes.get(publisher.id);
  if (intake === undefined || sequencer === undefined) return;
  const uncommitted = group.ring.bytesFrom(group.committed);
  if (uncommitted < turn.config.uncommittedBytesMax) intake.grantedBytes = intake.receivedBytes + turn.config.intakeBytes;
  const { flow, grantedBytes } = intake;
  turn.direct(intake.node, { type: 'publishGrant', group: group.id, epoch: sequencer.epoch, flow, creditBytes: grantedBytes });
}

/** Every publisher's node is told its credit again: the last word may have been lost. */
export function grantAll(turn: Turn, group: Group): void {
  for (const intake of group.intakes.values()) {
    if (turn.isSelf(intake.node) || turn.neighbors.get(intake.node.id)?.uplink !== undefined) grant(turn, group, intake.node);
  }
}

/** After an epoch began here, every publisher's node starts a new flow; what was lost in between is sent again. */
export function reopenIntakes(turn: Turn, group: Group): void {
  for (const intake of [...group.intakes.values()]) openIntake(turn, group, intake.node);
}

/** This node is root no more: the publishers are told where to go. */
export function closeIntakes(turn: Turn, group: Group): void {
  const { record, descriptor } = group;
  for (const { node } of group.intakes.values()) {
    if (record !== undefined && descriptor !== undefined) turn.direct(node, { type: 'rootIs', group: group.id, record, descriptor });
  }
  group.intakes.clear();
}

/** A batch reached this node: it is numbered, or answered with the receipt it already has. */
export function onBatch(turn: Turn, group: Group, from: NodeHandle, batch: BatchFrame): void {
  const { sequencer } = group;
  const { block } = batch;
  const intake = group.intakes.get(from.id);
  // What comes in an older flow comes again in the newer one, in order; taken out of order it would open a session in its middle.
  if (sequencer === undefined || group.fenced || intake?.flow !== batch.flow || compareEpochs(intake.epoch, sequencer.epoch) !== 0) {
    turn.drop('not_root');
    return;
  }
  intake.receivedBytes += batchCost(block);
  if (intake.receivedBytes > intake.grantedBytes + 2 * turn.config.intakeBytes) {
    turn.fault(from, 'batch_over_credit');
    return;
  }
  const admission = group.sessions.admit(block, turn.config);
  const { client, session, counter } = block;
  if (admission.type === 'next' || (admission.type === 'gap' && batch.isOldest)) stamp(turn, group, sequencer, block, from);
  else if (admission.type === 'known') answerAgain(turn, group, sequencer, { to: from, block, firstSequence: admission.receipt.firstSequence });
  else turn.direct(from, { type: 'publishRefused', group: group.id, client, session, counter, reason: REFUSALS[admission.type] });
  if (intake.grantedBytes - intake.receivedBytes <= turn.config.intakeBytes / 2) grant(turn, group, from);
}

/** Answers a publisher that waits for receipts. */
export function sendReceipts(turn: Turn, group: Group, to: NodeHandle, ask: Pick<Extract<PublishMessage, { type: 'receiptAsk' }>, 'client' | 'session' | 'from'>): void {
  const { sequencer } = group;
  if (sequencer === undefined || group.fenced) return;
  const { client, session } = ask;
  const receipts = group.sessions.receiptsFrom({ client, session, counter: ask.from }, group.committed, RECEIPTS_MAX);
  const expected = group.sessions.expected(client, session) ?? 0;
  turn.direct(to, { type: 'receipts', group: group.id, epoch: sequencer.epoch, client, session, expected, receipts });
}

/** A batch that was numbered before gets its receipt again: now, or with its commit. */
function answerAgain(turn: Turn, group: Group, sequencer: Sequencer, due: { readonly to: NodeHandle; readonly block: Block; readonly firstSequence: Sequence }): void {
  const { client, session, counter, count } = due.block;
  if (due.firstSequence + count <= group.committed) sendReceipts(turn, group, due.to, { client, session, from: counter });
  else owe(turn, sequencer, due);
}
