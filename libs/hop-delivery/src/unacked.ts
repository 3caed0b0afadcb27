import type { Id } from '@banyan/ids';
import type { Envelope, Hop, HopId } from '@banyan/kbr';
import { DueTimes, type Json, type Millis } from '@banyan/sansio';

/** A message on its way to one peer, not yet acknowledged. */
export interface UnackedHop {
  readonly hopId: HopId;
  /** As it was sent: hops and record include this hop. */
  readonly envelope: Envelope;
  /** As it was taken into care here: what another attempt starts from. */
  readonly taken: Envelope;
  readonly takenAt: Millis;
  readonly hop: Hop;
  /** 1 for the first attempt at this hop of the route. */
  readonly attempt: number;
  /** Peers that let an earlier attempt at this message time out. */
  readonly excluded: ReadonlySet<Id>;
  readonly sentAt: Millis;
  /** Times this very attempt was sent again to the same peer. */
  retransmissions: number;
}

/** The unacknowledged hops of one node, by name and by when they are overdue. */
export class UnackedHops {
  readonly #hops = new Map<HopId, UnackedHop>();
  readonly #due = new DueTimes<HopId>();

  get size(): number {
    return this.#hops.size;
  }

  next(): Millis {
    return this.#due.next();
  }

  set(hop: UnackedHop, dueAt: Millis): void {
    this.#hops.set(hop.hopId, hop);
    this.#due.set(hop.hopId, dueAt);
  }

  get(hopId: HopId): UnackedHop | undefined {
    return this.#hops.get(hopId);
  }

  delete(hopId: HopId): void {
    this.#hops.delete(hopId);
    this.#due.delete(hopId);
  }

  /** The hops overdue at `now`; they stay unacknowledged, without a due time until it is set anew. */
  takeDue(now: Millis): readonly UnackedHop[] {
    return this.#due.takeDue(now).flatMap((hopId) => this.#hops.get(hopId) ?? []);
  }

  /** This node did not run for `forMs`, which does not count as time in its care. */
  excuse(forMs: Millis): void {
    for (const hop of this.#hops.values()) this.#hops.set(hop.hopId, { ...hop, takenAt: hop.takenAt + forMs });
  }

  /** Every hop towards one peer. */
  towards(peer: Id): readonly UnackedHop[] {
    if (this.#hops.size === 0) return [];
    return [...this.#hops.values()].filter((hop) => hop.hop.to.id === peer);
  }

  state(now: Millis): Json {
    return [...this.#hops.values()].map((hop) => ({
      hopId: hop.hopId,
      to: hop.hop.to.id,
      key: hop.envelope.key,
      counter: hop.envelope.counter,
      origin: hop.envelope.origin.id,
      attempt: hop.attempt,
      sentMs: hop.sentAt - now,
    }));
  }
}
