import type { Id } from '@banyan/ids';
import type { Bound, Millis } from '@banyan/sansio';
import type { GroupDescriptor, Verified } from './descriptor.ts';
import type { PublishMessage } from './messages.ts';
import type { Turn } from './turn.ts';

interface Opening {
  readonly descriptor: Verified<GroupDescriptor>;
  since: Millis;
  retryAt: Millis;
}

/** Groups that one node asks for at once. */
const OPENINGS_MAX = 256;

/** Groups this node's users asked to open or close: the owner of the key is asked until it answers. */
export class Openings {
  readonly #pending = new Map<Id, Opening>();

  open(turn: Turn, descriptor: Verified<GroupDescriptor>): void {
    if (this.#pending.size >= OPENINGS_MAX && !this.#pending.has(descriptor.group)) {
      turn.event({ type: 'openFailed', group: descriptor.group, reason: 'TOO_MANY' });
      return;
    }
    const opening = { descriptor, since: turn.now, retryAt: turn.now };
    this.#pending.set(descriptor.group, opening);
    this.#ask(turn, opening);
  }

  onOpened(turn: Turn, message: Extract<PublishMessage, { type: 'opened' }>): void {
    const pending = this.#pending.get(message.group);
    if (pending === undefined || message.descriptor.version < pending.descriptor.version) return;
    this.#pending.delete(message.group);
    turn.event({ type: 'opened', group: message.group, record: message.record, descriptor: message.descriptor });
  }

  /** This node did not run for `pauseMs`. */
  excuse(pauseMs: Millis): void {
    for (const opening of this.#pending.values()) opening.since += pauseMs;
  }

  tick(turn: Turn): void {
    for (const [group, opening] of this.#pending) {
      if (turn.now - opening.since >= turn.config.rootSearchMs) {
        this.#pending.delete(group);
        turn.event({ type: 'openFailed', group, reason: 'NO_ROOT' });
      } else if (opening.retryAt <= turn.now) this.#ask(turn, opening);
    }
  }

  deadline(): Millis | undefined {
    let first: Millis | undefined;
    for (const { retryAt } of this.#pending.values()) if (first === undefined || retryAt < first) first = retryAt;
    return first;
  }

  bounds(): readonly Bound[] {
    return [{ name: 'groups being opened', size: this.#pending.size, limit: OPENINGS_MAX }];
  }

  #ask(turn: Turn, opening: Opening): void {
    opening.retryAt = turn.now + turn.jittered(turn.config.joinMs);
    turn.route(opening.descriptor.group, { type: 'open', descriptor: opening.descriptor, asker: turn.self });
  }
}
