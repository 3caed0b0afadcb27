import type { Id } from '@banyan/ids';
import type { Bound, Millis } from '@banyan/sansio';
import type { MulticastConfig } from './config.ts';

interface Offences {
  lastAt: Millis;
  /** Does not count before. */
  uncountedUntil: Millis;
}

/** Clients that were detached because a group waited for them in vain. Who was twice within a minute does not count for ten. */
export class Offenders {
  readonly #clients = new Map<string, Offences>();

  /** The group waits for this client when it is slow. */
  counts(group: Id, client: string, now: Millis): boolean {
    const known = this.#clients.get(keyOf(group, client));
    return known === undefined || known.uncountedUntil <= now;
  }

  /** The group waited for the client in vain. */
  detached(group: Id, client: string, now: Millis, config: MulticastConfig): void {
    const key = keyOf(group, client);
    const known = this.#clients.get(key);
    const isRepeated = known !== undefined && now - known.lastAt < config.offenceMs;
    this.#clients.delete(key);
    this.#clients.set(key, { lastAt: now, uncountedUntil: isRepeated ? now + config.uncountedMs : 0 });
    if (this.#clients.size <= config.offendersMax) return;
    for (const oldest of this.#clients.keys()) return void this.#clients.delete(oldest);
  }

  bounds(config: MulticastConfig): readonly Bound[] {
    return [{ name: 'slow clients remembered', size: this.#clients.size, limit: config.offendersMax }];
  }
}

function keyOf(group: Id, client: string): string {
  return `${group} ${client}`;
}
