import type { Millis } from '@banyan/sansio';
import type { NodeHandle } from '@banyan/kbr';
import { compareEpochs, isVoter, majorityOf, type Epoch, type Sequence } from './epoch.ts';
import { pump } from './feed.ts';
import type { Block, StampedFrame } from './frames.ts';
import type { Group } from './group.ts';
import { append, evict, sendToChildren } from './history.ts';
import { RECEIPTS_MAX, type Receipt } from './messages.ts';
import { giveUpUnfinished } from './large-messages.ts';
import { acceptRound } from './parent.ts';
import type { Turn } from './turn.ts';

/** A receipt that waits for its commit. */
interface Owed {
  readonly to: NodeHandle;
  readonly client: string;
  readonly session: string;
  readonly receipt: Receipt;
  readonly since: Millis;
}

/** What a root keeps for one epoch. */
export interface Sequencer {
  readonly epoch: Epoch;
  round: number;
  roundAt: Millis;
  /** What each other voter holds. */
  readonly votes: Map<string, Sequence>;
  stampMs: Millis;
  /** By sequence; receipts are given from the front. */
  owed: Owed[];
  /** The highest commit mark that went down the tree. */
  marked: Sequence;
  markAt: Millis | undefined;
  /** Publishers were told that there is no quorum. */
  stalledTold: boolean;
  /** Since when a closer node owns the key. */
  otherOwner: { readonly owner: NodeHandle; readonly since: Millis } | undefined;
  /** Since when each voter is out of the tree. */
  readonly missing: Map<string, Millis>;
  /** Large messages that are not whole, by session: since when the root waits for the part with this counter. */
  readonly unfinished: Map<string, { readonly counter: number; since: Millis }>;
  /** How often each node was invited to become a voter: one that does not come makes room for another. */
  readonly invited: Map<string, number>;
}

/** A fresh sequencer for an epoch that begins now. */
export function newSequencer(turn: Turn, group: Group, epoch: Epoch): Sequencer {
  const newest = group.ring.entryFor(group.ring.next - 1)?.frame;
  return {
    epoch,
    round: 1,
    roundAt: nextRoundAt(turn),
    votes: new Map(),
    stampMs: newest?.type === 'stamped' ? newest.stampMs : 0,
    owed: [],
    marked: 0,
    markAt: undefined,
    stalledTold: false,
    otherOwner: undefined,
    missing: new Map(),
    unfinished: new Map(),
    invited: new Map(),
  };
}

/** Numbers one batch and sends it down the tree; its receipt follows the commit. */
export function stamp(turn: Turn, group: Group, sequencer: Sequencer, block: Block, publisher: NodeHandle): void {
  owe(turn, sequencer, { to: publisher, block, firstSequence: group.ring.next });
  number(turn, group, sequencer, block);
}

/** Numbers a block and sends it down the tree. */
export function number(turn: Turn, group: Group, sequencer: Sequencer, block: Block): void {
  sequencer.stampMs = Math.max(sequencer.stampMs + 1, turn.now + turn.config.wallOffsetMs);
  const frame: StampedFrame = {
    type: 'stamped',
    group: group.id,
    epoch: sequencer.epoch,
    firstSequence: group.ring.next,
    count: block.count,
    committed: group.committed,
    stampMs: sequencer.stampMs,
    blocks: [block],
    bytes: block.bytes,
  };
  sequencer.marked = group.committed;
  append(turn, group, frame);
  advanceCommit(turn, group, sequencer);
}

/** A receipt is due once everything up to its last message is committed. */
export function owe(
  turn: Turn,
  sequencer: Sequencer,
  due: { readonly to: NodeHandle; readonly block: Block; readonly firstSequence: Sequence },
): void {
  const { client, session, counter, count } = due.block;
  const receipt = { counter, count, firstSequence: due.firstSequence };
  sequencer.owed.push({ to: due.to, client, session, receipt, since: turn.now });
}

/** A voter holds everything below `next` in `epoch`. */
export function onVote(turn: Turn, group: Group, from: NodeHandle, vote: { readonly epoch: Epoch; readonly next: Sequence }): void {
  const { sequencer, record } = group;
  if (sequencer === undefined || record === undefined || compareEpochs(vote.epoch, sequencer.epoch) !== 0) return;
  if (!isVoter(record, from) || vote.next > group.ring.next || vote.next <= (sequencer.votes.get(from.id) ?? 0)) return;
  sequencer.votes.set(from.id, vote.next);
  advanceCommit(turn, group, sequencer);
}

/**
 * Raises the commit mark to what a majority of voters hold, and gives the receipts below it.
 * Without a quorum in the group's promise, what is numbered is committed.
 */
export function advanceCommit(turn: Turn, group: Group, sequencer: Sequencer): void {
  const { record } = group;
  if (record === undefined) return;
  let committed = group.ring.next;
  if (group.reliable) {
    if (group.fenced) return;
    const held = record.voters.map((voter) => (turn.isSelf(voter) ? group.ring.next : (sequencer.votes.get(voter.id) ?? 0)));
    committed = held.sort((a, b) => b - a)[majorityOf(record) - 1] ?? 0;
  }
  if (committed > group.committed) {
    group.committed = committed;
    if (group.reliable) sequencer.markAt ??= turn.now + turn.config.markMs;
    pump(turn, group);
    evict(turn, group);
  }
  giveReceipts(turn, group, sequencer);
}

/** The root's clock: rounds, the commit mark that travels alone, and the word that there is no quorum. */
export function tickSequencer(turn: Turn, group: Group, sequencer: Sequencer): void {
  if (sequencer.roundAt <= turn.now) {
    sequencer.roundAt = nextRoundAt(turn);
    sequencer.round++;
    acceptRound(turn, group, { epoch: sequencer.epoch, round: sequencer.round });
    giveUpUnfinished(turn, group, sequencer);
    tellStalled(turn, group, sequencer);
  }
  if (sequencer.markAt !== undefined && sequencer.markAt <= turn.now) {
    sequencer.markAt = undefined;
    if (sequencer.marked >= group.committed) return;
    sequencer.marked = group.committed;
    sendToChildren(turn, group, { type: 'mark', group: group.id, epoch: sequencer.epoch, low: group.ring.low, committed: group.committed });
  }
}

/** All groups of a root count together, so that one beat to each neighbor carries them all. */
function nextRoundAt({ now, config }: Turn): Millis {
  return (Math.floor(now / config.roundMs) + 1) * config.roundMs;
}

function giveReceipts(turn: Turn, group: Group, sequencer: Sequencer): void {
  const bySession = new Map<string, { readonly owed: Owed; readonly receipts: Receipt[] }>();
  let given = 0;
  for (const owed of sequencer.owed) {
    if (owed.receipt.firstSequence + owed.receipt.count > group.committed) break;
    given++;
    const key = `${owed.to.id}\n${owed.client}\n${owed.session}`;
    const batch = bySession.get(key);
    if (batch === undefined) bySession.set(key, { owed, receipts: [owed.receipt] });
    else batch.receipts.push(owed.receipt);
  }
  if (given === 0) return;
  sequencer.owed = sequencer.owed.slice(given);
  sequencer.stalledTold = false;
  for (const { owed, receipts } of bySession.values()) {
    const { client, session } = owed;
    const expected = group.sessions.expected(client, session) ?? 1;
    for (let i = 0; i < receipts.length; i += RECEIPTS_MAX) {
      const part = receipts.slice(i, i + RECEIPTS_MAX);
      turn.direct(owed.to, { type: 'receipts', group: group.id, epoch: sequencer.epoch, client, session, expected, receipts: part });
    }
  }
}

function tellStalled(turn: Turn, group: Group, sequencer: Sequencer): void {
  const oldest = sequencer.owed[0];
  if (oldest === undefined || turn.now - oldest.since < turn.config.quorumMs || sequencer.stalledTold) return;
  sequencer.stalledTold = true;
  turn.note(group.id, 'no_quorum');
  const told = new Set<string>();
  for (const { to, client, session, receipt } of sequencer.owed) {
    const key = `${to.id}\n${client}\n${session}`;
    if (told.has(key)) continue;
    told.add(key);
    turn.direct(to, { type: 'publishRefused', group: group.id, client, session, counter: receipt.counter, reason: 'NO_QUORUM' });
  }
}
