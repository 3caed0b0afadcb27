import type { Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import { assertNever, type Millis, type Bound } from '@banyan/sansio';
import type { Anycasts } from './anycast.ts';
import { answerBeat } from './beats.ts';
import { childOf, onCredit, onGraft, onResume, onUpBeat, removeChild } from './children.ts';
import { tellClosed } from './closing.ts';
import { onCertified, onCertify } from './coverage.ts';
import { isVoter } from './epoch.ts';
import { onFetch } from './fetch.ts';
import { onGenesisCaughtUp, onInquire, onKnown } from './genesis.ts';
import type { Group } from './group.ts';
import type { GroupTable } from './group-table.ts';
import { sendReceipts } from './intake.ts';
import { onHold } from './hold.ts';
import { onLocate, onLocated } from './locate.ts';
import type { MulticastMessage } from './messages.ts';
import type { Openings } from './openings.ts';
import { learn, onDelivered, onFindRoot, tellNewer } from './owner.ts';
import { loseParent, onDownBeat, onGraftAck, onGraftRefused, onMoveDown, onParentDeparts } from './parent.ts';
import type { Publishers } from './publisher.ts';
import { onAccepted, onCaughtUp, onPromise, onRefuse } from './seal.ts';
import { onVote } from './sequencer.ts';
import { onFindPlace } from './stripes/spare-capacity.ts';
import { noteLearner, onInvite } from './succession.ts';
import type { Turn } from './turn.ts';
import { onAccept, onCatchUp, onPrepare, refuseUnknown } from './voter.ts';

/** Questions about unknown groups that are remembered. */
const OPENERS_MAX = 1_024;

/** Where messages go that came straight from another node: each to the mechanism whose it is. */
export class Inbox {
  readonly #turn: Turn;
  readonly #groups: GroupTable;
  readonly #publishers: Publishers;
  readonly #openings: Openings;
  readonly #anycasts: Anycasts;
  /** Who asked first whether a group exists, and when. */
  readonly #openers = new Map<Id, { readonly opener: Id; readonly at: Millis }>();

  constructor(turn: Turn, groups: GroupTable, publishers: Publishers, openings: Openings, anycasts: Anycasts) {
    this.#turn = turn;
    this.#groups = groups;
    this.#publishers = publishers;
    this.#openings = openings;
    this.#anycasts = anycasts;
  }

  bounds(): readonly Bound[] {
    return [{ name: 'askers for unknown groups', size: this.#openers.size, limit: OPENERS_MAX }];
  }

  take(from: NodeHandle, message: MulticastMessage): void {
    switch (message.type) {
      case 'beat':
      case 'probe':
      case 'ping':
      case 'pong':
      case 'departing':
        this.#takeLiveness(from, message);
        return;
      case 'inquire':
      case 'prepare':
      case 'catchUp':
      case 'record':
      case 'invite':
        this.#takeUnknown(from, message);
        return;
      case 'rootIs':
      case 'opened':
      case 'noSuchGroup':
      case 'publishGrant':
      case 'publishHold':
      case 'receipts':
      case 'publishRefused':
        this.#takePublishing(from, message);
        return;
      case 'join':
      case 'open':
      case 'announce':
      case 'findRoot':
        this.#takeRouted(message);
        return;
      case 'anycast':
        this.#anycasts.visit(this.#turn, message);
        return;
      case 'anycastAnswer':
        this.#anycasts.onAnswer(this.#turn, message);
        return;
      default:
        this.#takeKnown(from, message);
    }
  }

  #takeLiveness(from: NodeHandle, message: Extract<MulticastMessage, { type: 'beat' | 'probe' | 'ping' | 'pong' | 'departing' }>): void {
    const turn = this.#turn;
    switch (message.type) {
      case 'beat':
        for (const beat of message.down) {
          const group = this.#groups.find(beat.group);
          if (group !== undefined) onDownBeat(turn, group, from, beat);
        }
        for (const beat of message.up) {
          const group = this.#groups.find(beat.group);
          if (group === undefined) turn.direct(from, { type: 'notChild', group: beat.group, redirect: [] });
          else {
            onUpBeat(turn, group, from, beat);
            onVote(turn, group, from, beat);
          }
        }
        if (message.down.length > 0) answerBeat(turn, from);
        return;
      case 'probe':
        turn.direct(message.target, { type: 'ping', asker: from });
        return;
      case 'ping':
        turn.direct(message.asker, { type: 'pong' });
        return;
      case 'pong':
        return;
      case 'departing':
        this.#noteDeparting(from);
        return;
    }
  }

  /** Its children look for another parent, as often as it says so; the roots of groups in which it votes for another voter, at once. */
  #noteDeparting(from: NodeHandle): void {
    const isNews = this.#turn.neighbors.departs(from);
    for (const group of this.#groups.select((one) => one.parent?.handle.id === from.id)) onParentDeparts(this.#turn, group, from);
    if (!isNews) return;
    for (const group of this.#groups.select((one) => one.sequencer !== undefined && one.record !== undefined && isVoter(one.record, from))) group.upkeepAt = this.#turn.now;
  }

  /** Messages that may concern a group this node has no part in yet. */
  #takeUnknown(from: NodeHandle, message: Extract<MulticastMessage, { type: 'inquire' | 'prepare' | 'catchUp' | 'record' | 'invite' }>): void {
    const turn = this.#turn;
    if (message.type === 'inquire') {
      onInquire(turn, this.#groups.find(message.group), { group: message.group, from, opener: this.#openerOf(message.group, from.id) });
      return;
    }
    if (message.type === 'prepare') {
      const isFirst = message.descriptor.firstRecord?.epoch.counter === message.record.epoch.counter;
      const group = isFirst ? this.#groups.open(message.group) : this.#groups.find(message.group);
      if (group === undefined) refuseUnknown(turn, from, message);
      else {
        learn(turn, group, { descriptor: message.descriptor });
        onPrepare(turn, group, from, message);
      }
      return;
    }
    // Who is named a voter without having been asked takes its part like any other.
    const isNamed = message.type !== 'record' || isVoter(message.record, turn.self);
    const group = isNamed ? this.#groups.open(message.group) : this.#groups.find(message.group);
    if (group === undefined) return;
    learn(turn, group, { descriptor: message.descriptor });
    if (group.closed) return;
    if (message.type === 'catchUp') {
      onCatchUp(turn, group, from, message);
      return;
    }
    learn(turn, group, { record: message.record });
    if (message.type !== 'invite') return;
    // A root that was cut off from its successors hears of them here.
    if (!tellNewer(turn, group, from, message.record) && !group.leaving) onInvite(turn, group, message.duty);
  }

  #takePublishing(from: NodeHandle, message: Extract<MulticastMessage, { type: 'rootIs' | 'opened' | 'noSuchGroup' | 'publishGrant' | 'publishHold' | 'receipts' | 'publishRefused' }>): void {
    const turn = this.#turn;
    switch (message.type) {
      case 'rootIs':
        this.#publishers.onRootIs(turn, from, message);
        return;
      case 'opened':
        this.#openings.onOpened(turn, message);
        return;
      case 'noSuchGroup':
        this.#publishers.onNoSuchGroup(turn, message.group);
        return;
      case 'publishGrant':
        this.#publishers.onGrant(turn, from, message);
        return;
      case 'publishHold':
        this.#publishers.onHold(turn, message.group);
        return;
      case 'receipts':
        this.#publishers.onReceipts(turn, message);
        return;
      case 'publishRefused':
        this.#publishers.onRefused(turn, message);
        return;
    }
  }

  /** Routed messages that the owner of the key passed on to the root it knows. */
  #takeRouted(message: Extract<MulticastMessage, { type: 'join' | 'open' | 'announce' | 'findRoot' }>): void {
    const group = this.#groups.find(message.type === 'open' ? message.descriptor.group : message.group);
    if (group === undefined) return;
    if (message.type !== 'findRoot') {
      onDelivered(this.#turn, group, message);
      return;
    }
    learn(this.#turn, group, message);
    if (group.sequencer !== undefined || group.record !== undefined) onFindRoot(this.#turn, group, message.publisher);
  }

  #takeKnown(from: NodeHandle, message: Exclude<MulticastMessage, { type: 'beat' | 'probe' | 'ping' | 'pong' | 'departing' | 'inquire' | 'prepare' | 'catchUp' | 'record' | 'invite' | 'rootIs' | 'opened' | 'noSuchGroup' | 'publishGrant' | 'publishHold' | 'receipts' | 'publishRefused' | 'join' | 'open' | 'announce' | 'findRoot' | 'anycast' | 'anycastAnswer' }>): void {
    const turn = this.#turn;
    const group = this.#groups.find(message.group);
    if (group === undefined || group.closed) {
      if (group !== undefined && (message.type === 'graft' || message.type === 'resume')) tellClosed(turn, group, from);
      else if (message.type === 'graft') turn.direct(from, { type: 'graftRefused', group: message.group, reason: 'unknown-group', redirect: [] });
      else if (message.type === 'graftAck') turn.direct(from, { type: 'leave', group: message.group });
      return;
    }
    switch (message.type) {
      case 'graft':
        onGraft(turn, group, from, message);
        return;
      case 'graftAck':
        learn(turn, group, { descriptor: message.descriptor });
        if (!group.closed) onGraftAck(turn, group, from, message);
        return;
      case 'graftRefused':
        onGraftRefused(turn, group, from, message);
        return;
      case 'certify':
        onCertify(turn, group, from, message);
        return;
      case 'certified':
        onCertified(turn, group, from, message.version);
        return;
      case 'moveDown':
        onMoveDown(turn, group, from, message);
        return;
      case 'findPlace':
        onFindPlace(turn, group, message);
        return;
      case 'hold':
        onHold(turn, group, from);
        return;
      case 'leave':
        this.#takeLeave(group, from);
        return;
      case 'notChild':
        if (group.parent?.handle.id === from.id) loseParent(turn, group, 'disowned', message.redirect);
        return;
      case 'resume':
        onResume(turn, group, from, message);
        return;
      case 'credit':
        onCredit(turn, group, from, message);
        return;
      case 'fetch':
        onFetch(turn, group, from, message);
        return;
      case 'locate':
        onLocate(turn, group, message);
        return;
      case 'located':
        onLocated(turn, group, message);
        return;
      case 'known':
        learn(turn, group, message.descriptor === undefined ? {} : { descriptor: message.descriptor });
        onKnown(turn, group, from, message);
        return;
      case 'promise':
        onPromise(turn, group, from, message);
        return;
      case 'refuse':
        onRefuse(turn, group, from, message);
        return;
      case 'caughtUp':
        onGenesisCaughtUp(turn, group, from, message);
        onCaughtUp(turn, group, from, message);
        noteLearner(turn, group, from, message.ballot);
        return;
      case 'accept':
        onAccept(turn, group, from, message);
        return;
      case 'accepted':
        onAccepted(turn, group, from, message);
        return;
      case 'voterAck':
        onVote(turn, group, from, message);
        return;
      case 'receiptAsk':
        sendReceipts(turn, group, from, message);
        return;
      default:
        assertNever(message);
    }
  }

  #takeLeave(group: Group, from: NodeHandle): void {
    const child = childOf(group, from);
    if (child !== undefined) removeChild(this.#turn, group, child);
  }

  /** The first who asked about a group within the last seconds. */
  #openerOf(group: Id, asker: Id): Id {
    const known = this.#openers.get(group);
    if (known !== undefined && known.opener !== asker && this.#turn.now - known.at < this.#turn.config.openerMs) return known.opener;
    this.#openers.delete(group);
    this.#openers.set(group, { opener: asker, at: this.#turn.now });
    if (this.#openers.size > OPENERS_MAX) for (const oldest of this.#openers.keys()) {
      this.#openers.delete(oldest);
      break;
    }
    return asker;
  }
}
