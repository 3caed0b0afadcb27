import type { Millis } from '@banyan/sansio';
import type { MulticastCommand, MulticastEvent } from '../commands.ts';
import type { DropReason } from '../turn.ts';

/** What the striped side of a node asks of the rest: commands to the machine of single trees, and words to the users. */
export interface StripePort {
  readonly now: Millis;
  command(command: MulticastCommand): void;
  event(event: MulticastEvent): void;
  drop(reason: DropReason): void;
}
