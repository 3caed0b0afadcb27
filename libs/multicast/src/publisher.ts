import type { Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Bound, Millis } from '@banyan/sansio';
import type { MulticastCommand } from './commands.ts';
import type { GroupDescriptor, Verified } from './descriptor.ts';
import { compareEpochs, type Epoch, type EpochRecord, type Sequence } from './epoch.ts';
import type { BatchFrame } from './frames.ts';
import { batchCost } from './intake.ts';
import type { PublishMessage } from './messages.ts';
import { PublishSession, type Publish } from './publish-session.ts';
import { sessionKey } from './session-key.ts';
import type { Turn } from './turn.ts';

type Receipts = Extract<PublishMessage, { type: 'receipts' }>;
type Refusal = Extract<PublishMessage, { type: 'publishRefused' }>;

/** A session whose publisher is gone is served for so many look-ups of the root more. */
const ENDED_RETRIES = 60;

/** One group as its publishers' node sees it. */
interface Publishing {
  readonly group: Id;
  descriptor?: Verified<GroupDescriptor>;
  record?: EpochRecord;
  /** The flow the root granted; absent: the root is not found, or it is lost. */
  flow?: { readonly root: NodeHandle; readonly epoch: Epoch; readonly flow: number; sentBytes: number; creditBytes: number };
  findAt: Millis;
  /** When the flow began. */
  grantedAt: Millis;
  finds: number;
  /** A reader of the group is waited for: nothing is sent before. */
  heldUntil: Millis;
  readonly sessions: Map<string, PublishSession>;
}

/** What the publishing side needs of the rest of the machine. */
export interface PublisherPort {
  /** Hands a batch to the sequencer of this very node. */
  toOwnRoot(batch: BatchFrame): void;
  /** What this node knows of the group as a part of its tree; undefined where it has none. */
  known(group: Id): { readonly record: EpochRecord | undefined; readonly descriptor: Verified<GroupDescriptor> | undefined; readonly highest: Sequence } | undefined;
}

/**
 * The publishers' side: looks the root up once, sends what has no receipt, and after a change of root sends all of it again; the root
 * knows what it has.
 */
export class Publishers {
  readonly #groups = new Map<Id, Publishing>();
  readonly #port: PublisherPort;

  constructor(port: PublisherPort) {
    this.#port = port;
  }

  publish(turn: Turn, command: Publish): void {
    const publishing = this.#publishing(turn, command.group);
    const session = publishing === undefined ? undefined : this.#session(turn, publishing, command);
    if (publishing === undefined || session === undefined) {
      const { group, client, session: name, counter } = command;
      turn.event({ type: 'publishFailed', group, client, session: name, counter, reason: 'TOO_MANY_SESSIONS' });
      return;
    }
    if (command.descriptor !== undefined) publishing.descriptor ??= command.descriptor;
    if (session.offer(turn, command)) this.#pump(turn, publishing);
  }

  end(turn: Turn, command: Extract<MulticastCommand, { type: 'publishEnd' }>): void {
    const publishing = this.#groups.get(command.group);
    const session = publishing?.sessions.get(sessionKey(command));
    if (publishing === undefined || session === undefined) return;
    session.endedAt = turn.now;
    this.#forget(publishing, session);
  }

  /** The root (or who knows it) says who it is. */
  onRootIs(turn: Turn, from: NodeHandle, message: Extract<PublishMessage, { type: 'rootIs' }>): void {
    const publishing = this.#groups.get(message.group);
    if (publishing === undefined) return;
    publishing.descriptor = message.descriptor;
    if (message.descriptor.closed) {
      this.#failAll(turn, publishing, 'GROUP_CLOSED');
      return;
    }
    const known = publishing.record;
    if (known !== undefined && compareEpochs(message.record.epoch, known.epoch) < 0) return;
    publishing.record = message.record;
    const { flow } = publishing;
    if (flow !== undefined && compareEpochs(flow.epoch, message.record.epoch) < 0) this.#loseRoot(turn, publishing);
    // Only a pointer: the root itself is asked next.
    if (publishing.flow === undefined && from.id !== message.record.root.id) turn.direct(message.record.root, this.#findRoot(turn, publishing));
  }

  onGrant(turn: Turn, from: NodeHandle, grant: Extract<PublishMessage, { type: 'publishGrant' }>): void {
    const publishing = this.#groups.get(grant.group);
    if (publishing === undefined) return;
    const { flow } = publishing;
    const order = flow === undefined ? 1 : compareEpochs(grant.epoch, flow.epoch) || grant.flow - flow.flow;
    if (order < 0) return;
    if (order === 0 && flow !== undefined) flow.creditBytes = Math.max(flow.creditBytes, grant.creditBytes);
    else {
      publishing.flow = { root: from, epoch: grant.epoch, flow: grant.flow, sentBytes: 0, creditBytes: grant.creditBytes };
      publishing.finds = 0;
      publishing.grantedAt = turn.now;
      for (const session of publishing.sessions.values()) {
        session.rewind();
        session.askAt = turn.now + turn.config.receiptMs;
      }
    }
    this.#pump(turn, publishing);
  }

  /** A reader of the group is waited for. What is not sent for that reason is no sign that the root is lost. */
  onHold(turn: Turn, group: Id): void {
    const publishing = this.#groups.get(group);
    if (publishing === undefined) return;
    publishing.heldUntil = turn.now + turn.config.holdMs;
    for (const session of publishing.sessions.values()) if (!session.isUnderWay) session.progressAt = turn.now;
  }

  onReceipts(turn: Turn, message: Receipts): void {
    const publishing = this.#groups.get(message.group);
    const session = publishing?.sessions.get(sessionKey(message));
    if (publishing === undefined || session === undefined) return;
    for (const receipt of message.receipts) session.receipted(turn, receipt);
    session.reopen(turn);
    this.#forget(publishing, session);
  }

  onRefused(turn: Turn, refusal: Refusal): void {
    const publishing = this.#groups.get(refusal.group);
    const session = publishing?.sessions.get(sessionKey(refusal));
    if (publishing === undefined || session === undefined) return;
    const { counter, reason } = refusal;
    // Something before it was lost on the way: a fresh flow brings all of it again.
    if (reason === 'COUNTER_GAP') this.#loseRoot(turn, publishing);
    else if (reason === 'NO_QUORUM') session.tellStalled(turn, reason);
    else {
      session.refused(turn, counter, reason);
      session.reopen(turn);
    }
  }

  onNoSuchGroup(turn: Turn, group: Id): void {
    const publishing = this.#groups.get(group);
    if (publishing !== undefined) this.#failAll(turn, publishing, 'UNKNOWN_GROUP');
  }

  /** The data link that the root dials came up or went. */
  onDownlink(turn: Turn, peer: NodeHandle, isUp: boolean): void {
    for (const publishing of this.#groups.values()) {
      if (publishing.flow?.root.id !== peer.id) continue;
      if (isUp) this.#pump(turn, publishing);
      else this.#loseRoot(turn, publishing);
    }
  }

  onPeerDead(turn: Turn, peer: NodeHandle): void {
    this.onDownlink(turn, peer, false);
  }

  tick(turn: Turn): void {
    for (const publishing of this.#groups.values()) this.#tickGroup(turn, publishing);
  }

  deadline(): Millis | undefined {
    let first: Millis | undefined;
    for (const publishing of this.#groups.values()) {
      const at = this.#deadlineOf(publishing);
      if (at !== undefined && (first === undefined || at < first)) first = at;
    }
    return first;
  }

  bounds({ config }: Turn): readonly Bound[] {
    const perGroup = [...this.#groups.values()].flatMap(({ sessions }) => [
      { name: 'publishers of a group', size: sessions.size, limit: config.sessionsMax },
      ...[...sessions.values()].flatMap(({ batches, bytes }) => [
        { name: 'batches without a receipt', size: batches, limit: config.receiptsMax },
        // One batch is taken whatever its size.
        { name: 'bytes without a receipt', size: batches > 1 ? bytes : 0, limit: config.publishWindowBytes },
      ]),
    ]);
    return [{ name: 'groups published to', size: this.#groups.size, limit: config.groupsMax }, ...perGroup];
  }

  /** Bytes without a receipt, per group and session, for gauges and bounds. */
  unreceipted(): readonly { readonly group: Id; readonly session: string; readonly bytes: number; readonly batches: number }[] {
    return [...this.#groups.values()].flatMap(({ group, sessions }) =>
      [...sessions.values()].map(({ session, bytes, batches }) => ({ group, session, bytes, batches })),
    );
  }

  #tickGroup(turn: Turn, publishing: Publishing): void {
    const waiting = [...publishing.sessions.values()].filter((session) => session.isWaiting);
    for (const session of [...publishing.sessions.values()]) this.#forget(publishing, session);
    if (waiting.length === 0) return;
    if (publishing.heldUntil !== -Infinity && publishing.heldUntil <= turn.now) {
      publishing.heldUntil = -Infinity;
      this.#pump(turn, publishing);
    }
    const { publishRetryMs, receiptMs } = turn.config;
    const oldest = Math.min(...waiting.map((session) => session.progressAt));
    if (publishing.flow !== undefined && turn.now - Math.max(oldest, publishing.grantedAt) >= 3 * publishRetryMs) this.#loseRoot(turn, publishing);
    if (publishing.flow === undefined) {
      if (publishing.findAt <= turn.now) this.#find(turn, publishing);
      for (const session of waiting) if (turn.now - session.progressAt >= 3 * publishRetryMs) session.tellStalled(turn, whyRootless(publishing));
      return;
    }
    this.#follow(turn, publishing);
    if (turn.now - oldest >= publishRetryMs && publishing.findAt <= turn.now) this.#askVoters(turn, publishing);
    for (const session of waiting) {
      if (publishing.flow === undefined || session.askAt > turn.now) continue;
      session.askAt = turn.now + receiptMs;
      if (!session.isUnderWay) continue;
      const { client, session: name, oldestCounter: from } = session;
      turn.direct(publishing.flow.root, { type: 'receiptAsk', group: publishing.group, client, session: name, from });
    }
  }

  #deadlineOf(publishing: Publishing): Millis | undefined {
    let first: Millis | undefined;
    for (const session of publishing.sessions.values()) {
      if (!session.isWaiting) continue;
      const at = publishing.flow === undefined ? publishing.findAt : Math.min(session.askAt, publishing.heldUntil === -Infinity ? Infinity : publishing.heldUntil);
      if (first === undefined || at < first) first = at;
    }
    return first;
  }

  /** Sends what the root has room for, the sessions in turn. */
  #pump(turn: Turn, publishing: Publishing): void {
    this.#follow(turn, publishing);
    const { flow } = publishing;
    if (flow === undefined) {
      if (publishing.findAt <= turn.now) this.#find(turn, publishing);
      return;
    }
    if (publishing.heldUntil > turn.now) return;
    const isOwn = turn.isSelf(flow.root);
    const link = turn.neighbors.get(flow.root.id)?.downlink;
    if (!isOwn && link === undefined) return;
    for (let isProgress = true; isProgress; ) {
      isProgress = false;
      for (const session of publishing.sessions.values()) {
        if (flow.sentBytes >= flow.creditBytes || publishing.flow !== flow) continue;
        const out = session.send(turn);
        if (out === undefined) continue;
        isProgress = true;
        flow.sentBytes += batchCost(out.block);
        const batch: BatchFrame = { type: 'batch', group: publishing.group, flow: flow.flow, ...out };
        if (isOwn) this.#port.toOwnRoot(batch);
        else if (link !== undefined) turn.fanOut([link], batch);
      }
    }
  }

  #find(turn: Turn, publishing: Publishing): void {
    publishing.finds++;
    this.#learn(publishing);
    // The new root is one of the voters and found within a second; the key of a dead one is not delivered to before its
    // lease has run out.
    turn.route(publishing.group, this.#askVoters(turn, publishing));
  }

  /** A node of the tree hears who numbers now before a root that stands still has been silent for long. */
  #follow(turn: Turn, publishing: Publishing): void {
    const { flow } = publishing;
    const record = flow === undefined ? undefined : this.#port.known(publishing.group)?.record;
    if (flow === undefined || record === undefined || record.root.id === flow.root.id || compareEpochs(record.epoch, flow.epoch) <= 0) return;
    publishing.record = record;
    this.#loseRoot(turn, publishing);
  }

  /**
   * Asks the voters but the root who numbers now: if it has a successor one of them knows that, and one that does not hears what is known
   * here. The question, for others.
   */
  #askVoters(turn: Turn, publishing: Publishing) {
    publishing.findAt = turn.now + turn.jittered(turn.config.publishRetryMs);
    const question = this.#findRoot(turn, publishing);
    for (const voter of publishing.record?.voters ?? []) if (!turn.isSelf(voter) && voter.id !== publishing.flow?.root.id) turn.direct(voter, question);
    return question;
  }

  /** A node of the tree knows the voters, also for a publisher that came over from a node that died, perhaps the key's owner. */
  #learn(publishing: Publishing): void {
    const { record, descriptor } = this.#port.known(publishing.group) ?? {};
    if (record !== undefined && (publishing.record === undefined || compareEpochs(publishing.record.epoch, record.epoch) < 0)) publishing.record = record;
    if (descriptor !== undefined) publishing.descriptor ??= descriptor;
  }

  #findRoot(turn: Turn, publishing: Publishing) {
    const { group, record, descriptor } = publishing;
    const known = { ...(record === undefined ? {} : { record }), ...(descriptor === undefined ? {} : { descriptor }) };
    return { type: 'findRoot' as const, group, publisher: turn.self, next: this.#port.known(group)?.highest ?? 1, ...known };
  }

  #loseRoot(turn: Turn, publishing: Publishing): void {
    delete publishing.flow;
    for (const session of publishing.sessions.values()) session.rewind();
    // Soon, and not in this turn: the last look may lie far back, and an alarm in the past would never move on.
    publishing.findAt = Math.min(Math.max(publishing.findAt, turn.now + 1), turn.now + turn.config.beatBundleMs);
  }

  #failAll(turn: Turn, publishing: Publishing, reason: 'UNKNOWN_GROUP' | 'GROUP_CLOSED'): void {
    this.#groups.delete(publishing.group);
    for (const session of publishing.sessions.values()) session.failAll(turn, reason);
  }

  #forget(publishing: Publishing, session: PublishSession): void {
    if (session.endedAt === undefined || (session.isWaiting && publishing.finds < ENDED_RETRIES)) return;
    publishing.sessions.delete(sessionKey(session));
    if (publishing.sessions.size === 0) this.#groups.delete(publishing.group);
  }

  /** The group with its sessions, made when new; undefined at the bound. */
  #publishing(turn: Turn, group: Id): Publishing | undefined {
    const known = this.#groups.get(group);
    if (known !== undefined || this.#groups.size >= turn.config.groupsMax) return known;
    const publishing: Publishing = { group, findAt: turn.now, grantedAt: -Infinity, finds: 0, heldUntil: -Infinity, sessions: new Map() };
    this.#groups.set(group, publishing);
    return publishing;
  }

  #session(turn: Turn, publishing: Publishing, command: Publish): PublishSession | undefined {
    const key = sessionKey(command);
    const known = publishing.sessions.get(key);
    if (known !== undefined || publishing.sessions.size >= turn.config.sessionsMax) return known;
    const session = new PublishSession(turn.now, command);
    publishing.sessions.set(key, session);
    return session;
  }
}

/** A reliable group that exists has a root as soon as a majority of its voters can be reached. */
function whyRootless({ record, descriptor }: Publishing): 'NO_QUORUM' | 'NO_ROOT' {
  return record !== undefined && descriptor?.delivery === 'reliable' ? 'NO_QUORUM' : 'NO_ROOT';
}
