import { compareDistance, type Id } from '@banyan/ids';
import { handleState, HOPS_MAX, sameIncarnation, type Hop, type NodeHandle } from '@banyan/kbr';
import type { Json, Millis } from '@banyan/sansio';
import type { NodeContext } from './context.ts';
import { isInDoubt } from './doubt.ts';
import { located } from './located.ts';
import type { JoinMessage, Located } from './messages.ts';
import { nextHop } from './next-hop.ts';

interface Lock {
  readonly joiner: NodeHandle;
  until: Millis;
}

/** Whoever was heard so lately is not suspected of having let a request die. */
const TRUSTED_FOR_MS: Millis = 2_000;

/**
 * The members' side of a join: every node on the route gives the joiner its rows, the root gives its leaf set, to one joiner
 * at a time. The lock names the joiner's life and ends some seconds after its last sign, or when it says that it is active.
 * Sources: Rowstron & Druschel 2001, §2.4 (rows along the route, leaf set from the root); Lu 2013 (the lock).
 */
export class Admission {
  readonly #context: NodeContext;
  #lock: Lock | undefined;

  constructor(context: NodeContext) {
    this.#context = context;
  }

  onRequest(now: Millis, message: Extract<JoinMessage, { type: 'joinRequest' }>): void {
    const { joiner } = message;
    if (joiner.id === this.#context.self.id) return;
    if (this.#context.phase !== 'active') return this.#refuse(message);
    const row = this.#giveRows(now, message);
    const { peers, tables, verify } = this.#context;
    const avoid = (peer: NodeHandle): boolean => isInDoubt(this.#context, now, peer);
    const choose = (): Hop | undefined => nextHop(tables, { key: joiner.id, avoid, absent: joiner.id });
    let hop = choose();
    if (hop?.rule === 'self') return this.#decide(now, message);
    // An earlier request came as far as here and died beyond: look whether the next hop lives, and go around it meanwhile.
    const isRepeated = message.attempt > 1 && message.hops === 0;
    const suspect = (peer: NodeHandle): void => {
      if (isRepeated && now - (peers.heardAt(peer.id) ?? -Infinity) > TRUSTED_FOR_MS) verify(now, peer);
    };
    if (hop !== undefined) {
      suspect(hop.to);
      hop = choose();
    }
    if (hop === undefined || message.hops >= HOPS_MAX) return this.#refuse(message);
    const to = avoid(hop.to) ? (this.#nearer(joiner.id, avoid) ?? hop.to) : hop.to;
    suspect(to);
    this.#context.send(to, { type: 'joinRequest', joiner, attempt: message.attempt, row, hops: message.hops + 1 });
  }

  /** A leaf-set probe of the joiner in whose favor we are locked keeps the lock, and frees it when it says that it is active. */
  sign(now: Millis, from: NodeHandle, ready: boolean): void {
    if (this.#lock === undefined || !sameIncarnation(this.#lock.joiner, from)) return;
    if (ready) this.#lock = undefined;
    else this.#lock.until = now + this.#context.config.joinLockMs;
  }

  /** The joiner is active, or over. */
  release(joiner: NodeHandle): void {
    if (this.#lock?.joiner.id === joiner.id) this.#lock = undefined;
  }

  state(now: Millis): Json {
    return this.#lock === undefined ? null : { joiner: handleState(this.#lock.joiner), forMs: this.#lock.until - now };
  }

  #decide(now: Millis, message: Extract<JoinMessage, { type: 'joinRequest' }>): void {
    const { joiner, attempt } = message;
    const taken = this.#lock !== undefined && this.#lock.until > now && !sameIncarnation(this.#lock.joiner, joiner);
    if (taken) return this.#refuse(message);
    this.#lock = { joiner, until: now + this.#context.config.joinLockMs };
    const former = this.#context.tables.leafSet.get(joiner.id);
    const leaves = this.#context.tables.leafSet.members.filter((leaf) => leaf !== former);
    const failureRate = this.#context.pace.failureRate(now);
    this.#context.send(joiner, { type: 'joinAccept', attempt, leaves, ...(failureRate === undefined ? {} : { failureRate }) });
  }

  // Who answers and lies nearer to that id than we do knows better whether its root is dead.
  #nearer(id: Id, avoid: (peer: NodeHandle) => boolean): NodeHandle | undefined {
    let nearer: NodeHandle | undefined;
    for (const leaf of this.#context.tables.leafSet.members) {
      if (leaf.id !== id && !avoid(leaf) && compareDistance(id, leaf.id, (nearer ?? this.#context.self).id) < 0) nearer = leaf;
    }
    return nearer;
  }

  #refuse(message: Extract<JoinMessage, { type: 'joinRequest' }>): void {
    const { config, rng, send } = this.#context;
    const retryAfterMs = config.joinBusyRetryMs * (0.5 + 0.5 * rng.next());
    send(message.joiner, { type: 'joinBusy', attempt: message.attempt, retryAfterMs });
  }

  // Of a node that shares p digits with the joiner the rows 0…p fit; those of earlier hops are not told again. Without any
  // the message still says how far the request has come.
  #giveRows(now: Millis, message: Extract<JoinMessage, { type: 'joinRequest' }>): number {
    const { pace, peers, tables: { neighborhood, table } } = this.#context;
    const { attempt, hops, joiner } = message;
    const shared = table.slotOf(joiner.id).row;
    const rows: Located[] = [];
    for (let row = message.row; row <= shared; row++) rows.push(located(table.row(row), peers));
    // Where nodes stay for minutes only, the nearest are not worth looking for.
    const first = located(hops === 0 && message.row === 0 && !pace.isHurried(now) ? neighborhood.members() : [], peers);
    this.#context.send(joiner, { type: 'joinRows', attempt, hops, row: message.row, rows, neighborhood: first });
    return Math.max(message.row, shared + 1);
  }
}
