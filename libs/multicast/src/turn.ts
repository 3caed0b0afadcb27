import type { Id } from '@banyan/ids';
import type { Downcall, LinkId, NodeHandle, RoutingView } from '@banyan/kbr';
import type { Millis, Rng } from '@banyan/sansio';
import type { MulticastEvent, SubscriptionId } from './commands.ts';
import type { MulticastConfig } from './config.ts';
import type { MulticastFrame } from './frames.ts';
import type { MulticastMessage } from './messages.ts';
import { Neighbors } from './neighbors.ts';
import { Offenders } from './offenders.ts';

/** What the machine asks of the layers below and tells its users. */
export type MulticastEffect =
  | Downcall<MulticastMessage, MulticastFrame>
  | { readonly type: 'event'; readonly event: MulticastEvent };

/** Why something was given up; every drop has one. */
export type DropReason =
  | 'stale_epoch'
  | 'duplicate'
  | 'hole'
  | 'not_parent'
  | 'unknown_group'
  | 'group_limit'
  | 'session_limit'
  | 'intake_limit'
  | 'not_root'
  | 'truncated'
  | 'over_credit'
  | 'roster_limit'
  /** A payload in a stripe that no block of the main tree named. */
  | 'orphan_part'
  /** Somebody proposes himself while this voter hears its root. */
  | 'root_lives';

/**
 * The time, the surroundings and the collected effects of the input in hand.
 * One object serves all inputs: `begin` and `finish` bracket each.
 */
export class Turn {
  readonly view: RoutingView;
  readonly rng: Rng;
  readonly config: MulticastConfig;
  readonly neighbors = new Neighbors();
  /** In which group each subscription of this node reads. */
  readonly homes = new Map<SubscriptionId, Id>();
  /** Clients that were detached lately. */
  readonly offenders = new Offenders();
  #now: Millis = 0;
  #flows = 0;
  #effects: MulticastEffect[] = [];
  #toSelf: MulticastMessage[] = [];

  constructor(view: RoutingView, rng: Rng, config: MulticastConfig) {
    this.view = view;
    this.rng = rng;
    this.config = config;
  }

  get now(): Millis {
    return this.#now;
  }

  get self(): NodeHandle {
    return this.view.self;
  }

  begin(now: Millis): void {
    this.#now = now;
    this.#effects = [];
  }

  finish(): readonly MulticastEffect[] {
    return this.#effects;
  }

  /** The next message this node sent to itself in this turn, in order. */
  takeOwn(): MulticastMessage | undefined {
    return this.#toSelf.shift();
  }

  /** A number no publishing flow of this node's life had before. */
  nextFlow(): number {
    return ++this.#flows;
  }

  isSelf(node: NodeHandle): boolean {
    return node.id === this.self.id && node.incarnation === this.self.incarnation;
  }

  /** To itself without the network, so that a root among its voters, or a publisher at the root, is no special case. */
  direct(to: NodeHandle, body: MulticastMessage): void {
    if (to.id !== this.self.id) this.#effects.push({ type: 'direct', to, body });
    else if (to.incarnation === this.self.incarnation) this.#toSelf.push(body);
  }

  route(key: Id, body: MulticastMessage): void {
    this.#effects.push({ type: 'route', key, body });
  }

  fanOut(links: readonly LinkId[], frame: MulticastFrame): void {
    if (links.length > 0) this.#effects.push({ type: 'fanOut', links, frame });
  }

  /** Closes the link that this node dialled. Who hangs up is told nothing more: who needs it dials anew, and starts again. */
  hangUp(peer: NodeHandle): void {
    const neighbor = this.neighbors.get(peer.id);
    if (neighbor?.uplink === undefined) return;
    this.#effects.push({ type: 'hangUp', link: neighbor.uplink });
    neighbor.uplink = undefined;
  }

  event(event: MulticastEvent): void {
    this.#effects.push({ type: 'event', event });
  }

  note(group: Id, note: string): void {
    this.event({ type: 'note', note, group });
  }

  drop(reason: DropReason, count = 1): void {
    this.#effects.push({ type: 'drop', reason, count });
  }

  fault(peer: NodeHandle, fault: string): void {
    this.#effects.push({ type: 'peerFault', peer, fault });
  }

  push(effect: MulticastEffect): void {
    this.#effects.push(effect);
  }

  /** `span` lengthened by up to a half, so that nodes that failed together do not try again together. */
  jittered(span: Millis): Millis {
    return span + this.rng.below(Math.max(1, Math.floor(span / 2)));
  }
}
