import type { Id } from '@banyan/ids';
import { earliest, type Bound, type Millis } from '@banyan/sansio';
import type { MulticastCommand, MulticastEvent, SubscriptionId } from './commands.ts';
import { stepOn } from './depth-first.ts';
import type { Group } from './group.ts';
import type { AnycastMessage, AnycastRefusal } from './messages.ts';
import type { Turn } from './turn.ts';

type Search = Extract<AnycastMessage, { type: 'anycast' }>;
type Answer = Extract<AnycastMessage, { type: 'anycastAnswer' }>;
type Outcome = Extract<MulticastEvent, { type: 'anycastEnded' }>['outcome'];

/** Nodes that one search visits at most, whatever its asker allows. */
export const VISITS_MAX = 64;
/** Nodes still to be visited that a search carries; of a wide tree the nearest are kept. */
export const AHEAD_MAX = 64;
/** Searches of one node under way, offers that wait for a member's answer, and acceptances that are remembered. */
const SEARCHES_MAX = 256;
const OFFERS_MAX = 1_024;
const ACCEPTED_MAX = 1_024;
/** Times that a search goes out before it is given up: a node on its way may die with it. */
const TRIES_MAX = 3;

interface Asked {
  readonly search: Search;
  readonly command: Extract<MulticastCommand, { type: 'anycast' }>;
  tries: number;
  retryAt: Millis;
}

interface Offer {
  readonly search: Search;
  /** Members of this node that are asked after this one. */
  readonly next: SubscriptionId[];
  readonly until: Millis;
}

/**
 * Anycast: one member of a group takes what is sent, one that is near. The search enters the tree where the asker's node stands in it,
 * else at the first node on the route to the key that does, and goes depth first: a node's own members, its children, nearest
 * first, then its parent. The search carries where it was and where it still has to go, so nobody keeps state but for the member
 * that is thinking. Source: Castro, Druschel, Kermarrec, Rowstron, Scalable application-level anycast, NGC 2003, §3.
 */
export class Anycasts {
  readonly #asked = new Map<number, Asked>();
  readonly #offers = new Map<number, Offer>(); // the wait is constant: insertion order = order of `until`
  /** What was accepted here, by search: one that comes again, since the answer was lost, is answered again. */
  readonly #accepted = new Map<string, Answer>();
  readonly #find: (group: Id) => Group | undefined;
  #nextOffer = 1;

  constructor(find: (group: Id) => Group | undefined) {
    this.#find = find;
  }

  /** A user of this node asks. */
  ask(turn: Turn, command: Extract<MulticastCommand, { type: 'anycast' }>): void {
    const { query, group, payload, bytes, visitsMax } = command;
    if (this.#asked.size >= SEARCHES_MAX) {
      turn.event({ type: 'anycastEnded', query, group, outcome: { type: 'refused', reason: 'BUSY', visits: 0 } });
      return;
    }
    const search: Search = { type: 'anycast', group, query, origin: turn.self, payload, bytes, visitsMax: Math.min(visitsMax ?? VISITS_MAX, VISITS_MAX), visited: [], ahead: [] };
    const asked: Asked = { search, command, tries: 0, retryAt: turn.now };
    this.#asked.set(query, asked);
    this.#send(turn, asked);
  }

  /** A member answers an offer; one that comes too late is for nothing. */
  decide(turn: Turn, { offer: id, accepted, reply, bytes }: Extract<MulticastCommand, { type: 'answerAnycast' }>): void {
    const offer = this.#offers.get(id);
    if (offer === undefined) return;
    this.#offers.delete(id);
    if (accepted) this.#accept(turn, offer.search, reply, bytes);
    else this.#offer(turn, offer.search, offer.next);
  }

  /** True when the search passes a node of the tree and stays in it. */
  intercept(turn: Turn, search: Search): boolean {
    if (this.#find(search.group)?.attached !== true) return false;
    this.visit(turn, search);
    return true;
  }

  /** A search comes to this node. */
  visit(turn: Turn, search: Search): void {
    const known = this.#accepted.get(keyOf(search));
    if (known !== undefined) {
      turn.direct(search.origin, known);
      return;
    }
    const group = this.#find(search.group);
    // The owner of the key may not be in the tree, but it knows where that begins.
    const root = group?.record?.root;
    if (group?.attached !== true && search.visited.length === 0) {
      if (root !== undefined && !turn.isSelf(root)) turn.direct(root, { ...search, visited: [turn.self.id] });
      else this.#refuse(turn, search, group === undefined ? 'UNKNOWN_GROUP' : 'NOBODY');
      return;
    }
    const here = { ...search, visited: [...search.visited, turn.self.id] };
    const members = [...(group?.subscriptions.values() ?? [])].filter(({ answers, position }) => answers && position !== undefined);
    this.#offer(turn, here, members.map(({ id }) => id));
  }

  onAnswer(turn: Turn, answer: Answer): void {
    const asked = this.#asked.get(answer.query);
    if (asked === undefined || asked.search.group !== answer.group) return;
    const { visits, reason } = answer;
    this.#end(turn, asked, reason === undefined ? { type: 'accepted', by: answer.by, reply: answer.reply, visits } : { type: 'refused', reason, visits });
  }

  tick(turn: Turn): void {
    for (const [id, offer] of this.#offers) {
      if (offer.until > turn.now) break;
      this.#offers.delete(id);
      this.#offer(turn, offer.search, offer.next);
    }
    for (const asked of [...this.#asked.values()]) {
      if (asked.retryAt > turn.now) continue;
      if (asked.tries >= TRIES_MAX) this.#end(turn, asked, { type: 'refused', reason: 'TIMEOUT', visits: 0 });
      else this.#send(turn, asked);
    }
  }

  deadline(): Millis | undefined {
    let first: Millis | undefined;
    for (const { retryAt } of this.#asked.values()) first = earliest(first, retryAt);
    for (const { until } of this.#offers.values()) return earliest(first, until);
    return first;
  }

  bounds(): readonly Bound[] {
    return [
      { name: 'anycasts asked', size: this.#asked.size, limit: SEARCHES_MAX },
      { name: 'anycasts offered', size: this.#offers.size, limit: OFFERS_MAX },
      { name: 'anycasts accepted', size: this.#accepted.size, limit: ACCEPTED_MAX },
    ];
  }

  /** Enters the tree here, or goes towards the key until it meets it. Each try waits longer: members may think for long. */
  #send(turn: Turn, asked: Asked): void {
    asked.tries++;
    asked.retryAt = turn.now + turn.config.anycastMs * asked.tries;
    if (this.#find(asked.search.group)?.attached === true) this.visit(turn, asked.search);
    else turn.route(asked.search.group, asked.search);
  }

  /** Asks the next member here, or goes on. */
  #offer(turn: Turn, search: Search, members: readonly SubscriptionId[]): void {
    const group = this.#find(search.group);
    const at = members.findIndex((member) => group?.subscriptions.has(member) === true);
    const member = members[at];
    if (member === undefined || this.#offers.size >= OFFERS_MAX) {
      this.#goOn(turn, search, group);
      return;
    }
    const offer = this.#nextOffer++;
    this.#offers.set(offer, { search, next: members.slice(at + 1), until: turn.now + turn.config.offerMs });
    turn.event({ type: 'anycastOffer', subscription: member, group: search.group, offer, payload: search.payload, bytes: search.bytes, origin: search.origin });
  }

  #goOn(turn: Turn, search: Search, group: Group | undefined): void {
    const { next, ahead } = stepOn(turn, group, search, ({ handle }) => turn.neighbors.stays(handle), AHEAD_MAX);
    if (next === undefined) this.#refuse(turn, search, 'NOBODY');
    else if (search.visited.length >= search.visitsMax) this.#refuse(turn, search, 'VISITS');
    else turn.direct(next, { ...search, ahead });
  }

  #accept(turn: Turn, search: Search, reply: unknown, bytes: number): void {
    const answer: Answer = { type: 'anycastAnswer', group: search.group, query: search.query, by: turn.self, visits: search.visited.length, reply, bytes };
    this.#accepted.set(keyOf(search), answer);
    const [oldest] = this.#accepted.keys();
    if (this.#accepted.size > ACCEPTED_MAX && oldest !== undefined) this.#accepted.delete(oldest);
    turn.direct(search.origin, answer);
  }

  #refuse(turn: Turn, search: Search, reason: AnycastRefusal): void {
    turn.direct(search.origin, { type: 'anycastAnswer', group: search.group, query: search.query, by: turn.self, visits: search.visited.length, reason, reply: undefined, bytes: 0 });
  }

  #end(turn: Turn, { command, search }: Asked, outcome: Outcome): void {
    this.#asked.delete(search.query);
    turn.event({ type: 'anycastEnded', query: command.query, group: command.group, outcome });
  }
}

function keyOf({ origin, query }: Search): string {
  return `${origin.id}@${origin.incarnation}:${query}`;
}
