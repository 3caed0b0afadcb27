import { assertNever } from '@banyan/sansio';
import { takeAdvice } from './advice.ts';
import type { Anycasts } from './anycast.ts';
import type { MulticastCommand, SubscriptionId } from './commands.ts';
import type { Departure } from './departure.ts';
import { pump } from './feed.ts';
import type { GroupTable } from './group-table.ts';
import { startReaders } from './locate.ts';
import type { Openings } from './openings.ts';
import { learn } from './owner.ts';
import type { Publishers } from './publisher.ts';
import { endSubscription, subscribe } from './subscriptions.ts';
import { noteTaken } from './taken.ts';
import type { Turn } from './turn.ts';

/** What users' commands are handed to. */
export interface CommandParts {
  readonly turn: Turn;
  readonly groups: GroupTable;
  readonly publishers: Publishers;
  readonly openings: Openings;
  readonly departure: Departure;
  readonly anycasts: Anycasts;
}

/** Hands what users of this node ask for to the mechanism whose it is, as `inbox.ts` does with what other nodes say. */
export class UserCommands {
  readonly #parts: CommandParts;

  constructor(parts: CommandParts) {
    this.#parts = parts;
  }

  take(command: MulticastCommand): void {
    const { turn, groups, publishers, openings, departure, anycasts } = this.#parts;
    switch (command.type) {
      case 'open':
        openings.open(turn, command.descriptor);
        return;
      case 'subscribe':
        this.#onSubscribe(command);
        return;
      case 'unsubscribe':
        this.#onUnsubscribe(command.subscription);
        return;
      case 'consumed': {
        const group = groups.homeOf(command.subscription);
        const subscription = group?.subscriptions.get(command.subscription);
        if (group === undefined || subscription === undefined) return;
        subscription.outstandingBytes = Math.max(0, subscription.outstandingBytes - command.bytes);
        noteTaken(subscription, command.bytes);
        pump(turn, group);
        return;
      }
      case 'publish':
        publishers.publish(turn, command);
        return;
      case 'publishEnd':
        publishers.end(turn, command);
        return;
      case 'advise': {
        const { advice } = command;
        turn.event({ type: 'advised', group: advice.group, outcome: takeAdvice(turn, groups.find(advice.group), advice) });
        return;
      }
      case 'anycast':
        anycasts.ask(turn, command);
        return;
      case 'answerAnycast':
        anycasts.decide(turn, command);
        return;
      case 'leave':
        departure.start(turn, groups, command.withinMs);
        return;
      default:
        assertNever(command);
    }
  }

  #onSubscribe(command: Extract<MulticastCommand, { type: 'subscribe' }>): void {
    const { turn, groups } = this.#parts;
    const { subscription: id, group: groupId, start, windowBytes, descriptor, policy = 'drop-oldest', client = '', answers = false } = command;
    const group = groups.settleIn(id, groupId) ? groups.open(groupId) : undefined;
    if (group === undefined || group.descriptor?.closed === true) {
      turn.homes.delete(id);
      turn.event({ type: 'subscribeFailed', subscription: id, group: groupId, reason: group === undefined ? 'TOO_MANY' : 'GROUP_CLOSED' });
      return;
    }
    if (descriptor !== undefined) learn(turn, group, { descriptor });
    subscribe(turn, group, { id, start, windowBytes, policy, client, answers });
    startReaders(turn, group);
    pump(turn, group);
  }

  #onUnsubscribe(id: SubscriptionId): void {
    const { turn, groups } = this.#parts;
    const group = groups.homeOf(id);
    if (group !== undefined) endSubscription(turn, group, id);
  }
}
