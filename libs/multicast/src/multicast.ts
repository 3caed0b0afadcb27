import type { Id } from '@banyan/ids';
import type { Application, LinkId, NodeHandle, RoutingView, Upcall } from '@banyan/kbr';
import { assert, assertNever, earliest, type Bound, type Json, type Millis, type Rng } from '@banyan/sansio';
import { Anycasts } from './anycast.ts';
import { tickNeighbors } from './beats.ts';
import { onJoin } from './children.ts';
import { groupBounds } from './bounds.ts';
import type { MulticastCommand, MulticastEvent } from './commands.ts';
import { LOCAL_CONFIG, type MulticastConfig } from './config.ts';
import { coverageOf, type Coverage } from './coverage.ts';
import { Departure, type Remaining } from './departure.ts';
import type { GroupDescriptor, Verified } from './descriptor.ts';
import { describeGroup, groupState, statsOf, type GroupPicture, type MulticastStats } from './describe.ts';
import { slowReaders, type SlowReader } from './describe-slow.ts';
import type { EpochRecord } from './epoch.ts';
import { faultOfFrame, faultOfMessage } from './faults.ts';
import { onFrame } from './flow.ts';
import type { MulticastFrame } from './frames.ts';
import { GroupTable } from './group-table.ts';
import { Inbox } from './inbox.ts';
import { onBatch } from './intake.ts';
import { onLinkDown, onLinkUp, onPeerDead, onReborn } from './links.ts';
import type { MulticastMessage, RoutedMessage } from './messages.ts';
import { Openings } from './openings.ts';
import { learn, onDelivered } from './owner.ts';
import { seek } from './parent.ts';
import { Publishers } from './publisher.ts';
import { Relief } from './relief.ts';
import { Turn, type MulticastEffect } from './turn.ts';
import { UserCommands } from './user-commands.ts';

type Input = Upcall<MulticastMessage, MulticastFrame> | { readonly type: 'command'; readonly command: MulticastCommand };

/** A turn in which a node answers itself more often than this is a loop. */
const OWN_MESSAGES_MAX = 10_000;
/** A tick that comes so late means that this node did not run. */
const STALL_MS = 1_000;

/**
 * Multicast as one application above routing: finds the group that an input concerns, hands the input to the mechanism
 * whose it is, and lets the node's role follow. Every mechanism is a file of its own; nothing is decided here.
 */
export class Multicast implements Application<MulticastMessage, MulticastCommand, MulticastEvent, MulticastFrame> {
  readonly intercepts = true;
  readonly #turn: Turn;
  readonly #groups: GroupTable;
  readonly #publishers: Publishers;
  readonly #openings = new Openings();
  readonly #departure = new Departure();
  readonly #anycasts: Anycasts;
  readonly #relief = new Relief();
  readonly #inbox: Inbox;
  readonly #commands: UserCommands;
  /** What a tick found due only after its own turn (a hurried beat, a root lost) waits for the next, a millisecond later. */
  #restUntil: Millis = 0;
  /** The deadline as the last input left it. */
  #due: Millis | undefined;

  constructor(view: RoutingView, rng: Rng, config: Partial<MulticastConfig> = {}) {
    this.#turn = new Turn(view, rng, { ...LOCAL_CONFIG, ...config });
    this.#groups = new GroupTable(this.#turn);
    this.#publishers = new Publishers({
      toOwnRoot: (batch) => {
        const group = this.#groups.find(batch.group);
        if (group !== undefined) onBatch(this.#turn, group, this.#turn.self, batch);
      },
      known: (id) => this.#groups.byId.get(id),
    });
    this.#anycasts = new Anycasts((group) => this.#groups.find(group));
    this.#commands = new UserCommands({ turn: this.#turn, groups: this.#groups, publishers: this.#publishers, openings: this.#openings, departure: this.#departure, anycasts: this.#anycasts });
    this.#inbox = new Inbox(this.#turn, this.#groups, this.#publishers, this.#openings, this.#anycasts);
  }

  handle(now: Millis, input: Input): readonly MulticastEffect[] {
    const due = this.#due;
    const turn = this.#turn;
    turn.begin(now);
    if (due !== undefined && now - due > STALL_MS) this.#excuse(now - due);
    this.#dispatch(input);
    // Whatever woke the node: one that only passes beats on in the turns that bring them hardly ever ticks.
    this.#relief.look(turn, this.#groups.byId);
    this.#finishTurn();
    if (input.type === 'tick') this.#restUntil = now + 1;
    else if (turn.neighbors.dueAt <= now) {
      // Beats that this input hurried go out with it: no tick of their own.
      tickNeighbors(turn, this.#groups);
      this.#finishTurn();
    }
    this.#due = this.#nextDue();
    return turn.finish();
  }

  deadline(): Millis | undefined {
    return this.#due;
  }

  #nextDue(): Millis | undefined {
    const { dueAt } = this.#turn.neighbors;
    const first = earliest(
      this.#groups.deadline(),
      dueAt === Infinity ? undefined : dueAt,
      this.#publishers.deadline(),
      this.#openings.deadline(),
      this.#departure.deadline(),
      this.#anycasts.deadline(),
    );
    return first === undefined ? undefined : Math.max(first, this.#restUntil);
  }

  state(now: Millis): Json {
    const turn = this.#turn;
    const groups = Object.fromEntries([...this.#groups.byId.values()].map((group) => [group.id, groupState(turn, group, now)]));
    return { self: turn.self.id, groups, rng: [...turn.rng.state()], deadlineInMs: (this.deadline() ?? now) - now };
  }

  /** The picture of one group; undefined when this node has no part in it. */
  describe(group: Id): GroupPicture | undefined {
    const known = this.#groups.byId.get(group);
    return known === undefined ? undefined : describeGroup(this.#turn, known);
  }

  /** The parent in one group's tree, without the rest of the picture: oracles ask after every event. */
  parentOf(group: Id): NodeHandle | undefined {
    return this.#groups.byId.get(group)?.parent?.handle;
  }

  /** The newest record this node knows of one group, without the rest of the picture. */
  recordOf(group: Id): EpochRecord | undefined {
    return this.#groups.byId.get(group)?.record;
  }

  /** Who of a group has what; undefined where this node is not the group's root. */
  coverage(group: Id): Coverage | undefined {
    const known = this.#groups.byId.get(group);
    return known === undefined ? undefined : coverageOf(this.#turn, known);
  }

  /** Who takes messages of this node more slowly than they come, in all groups. */
  slow(): readonly SlowReader[] {
    return [...this.#groups.byId.values()].flatMap((group) => slowReaders(this.#turn, group));
  }

  /** What this node knows of a group that it has a part in. */
  descriptorOf(group: Id): Verified<GroupDescriptor> | undefined {
    return this.#groups.byId.get(group)?.descriptor;
  }

  /** Groups this node has a part in. */
  groups(): readonly Id[] {
    return [...this.#groups.byId.keys()];
  }

  /** What this node, while it leaves, still waits for. */
  remaining(): Remaining {
    return this.#departure.remaining(this.#turn, this.#groups);
  }

  /** True when it holds all that is committed of every group that it votes in. */
  get holdsVotes(): boolean {
    for (const group of this.#groups.byId.values()) if (group.isVoter(this.#turn) && group.ring.next < group.committed) return false;
    return true;
  }

  /** Gauges over all groups. */
  stats(): MulticastStats {
    const unreceiptedBytes = this.unreceipted().reduce((total, session) => total + session.bytes, 0);
    return { ...statsOf(this.#turn, [...this.#groups.byId.values()]), unreceiptedBytes };
  }

  /** Every queue, table and ring of this node with its limit; none may ever be exceeded. */
  bounds(): readonly Bound[] {
    const turn = this.#turn;
    return [
      ...this.#groups.bounds(),
      ...turn.neighbors.bounds(),
      ...turn.offenders.bounds(turn.config),
      ...this.#publishers.bounds(turn),
      ...this.#openings.bounds(),
      ...this.#anycasts.bounds(),
      ...this.#relief.bounds(turn),
      ...this.#inbox.bounds(),
      ...[...this.#groups.byId.values()].flatMap((group) => groupBounds(turn, group)),
    ];
  }

  /** What each publishing session of this node has no receipt for. */
  unreceipted(): ReturnType<Publishers['unreceipted']> {
    return this.#publishers.unreceipted();
  }

  /** This node did not run for so long: the silence of others is not theirs. */
  #excuse(pauseMs: Millis): void {
    this.#turn.neighbors.excuse(pauseMs);
    this.#groups.excuse(pauseMs);
    this.#openings.excuse(pauseMs);
  }

  #dispatch(input: Input): void {
    const turn = this.#turn;
    switch (input.type) {
      case 'command':
        this.#commands.take(input.command);
        return;
      case 'direct':
        if (this.#isSound(input.from, faultOfMessage(input.body))) this.#inbox.take(input.from, input.body);
        return;
      case 'frame':
        if (this.#isSound(input.from, faultOfFrame(input.frame))) this.#onFrame(input.from, input.link, input.frame);
        return;
      case 'forward':
        if (!this.#intercept(input.envelope.body)) turn.push({ type: 'resume', envelope: input.envelope, nextHop: input.nextHop });
        return;
      case 'deliver':
        this.#onDeliver(input.envelope.body);
        return;
      case 'linkUp':
        onLinkUp(turn, this.#groups, this.#publishers, input);
        return;
      case 'linkDown':
        onLinkDown(turn, this.#groups, this.#publishers, input);
        return;
      case 'peerDead':
        onPeerDead(turn, this.#groups, this.#publishers, input.peer);
        return;
      case 'leafSetChanged':
        for (const node of input.gained) turn.neighbors.lives(node);
        this.#onLeafSetChanged(input.merged);
        return;
      case 'readyChanged':
        this.#groups.select(() => true);
        return;
      case 'tick':
        this.#onTick();
        return;
      default:
        assertNever(input);
    }
  }

  /** A message on its way to the key of a group passes by: only joins may end here. */
  #intercept(body: MulticastMessage): boolean {
    if (body.type === 'anycast') return this.#anycasts.intercept(this.#turn, body);
    if (body.type !== 'join') return false;
    const known = this.#groups.byId.get(body.group);
    if (this.#departure.isUnderWay || known?.descriptor?.closed === true || body.child.id === this.#turn.self.id) return false;
    // An orphan's join does not make new forwarders: who has no place yet could not help it for long.
    if (known === undefined && body.accepted !== undefined) return false;
    const group = this.#groups.open(body.group);
    if (group === undefined) return false;
    learn(this.#turn, group, body);
    if (group.descriptor?.closed === true || !onJoin(this.#turn, group, body, false)) return false;
    if (!group.attached) seek(this.#turn, group);
    return true;
  }

  #onDeliver(body: MulticastMessage): void {
    if (body.type === 'anycast') {
      this.#anycasts.visit(this.#turn, body);
      return;
    }
    if (!isRouted(body)) return;
    const group = this.#groups.open(body.type === 'open' ? body.descriptor.group : body.group);
    if (group !== undefined) onDelivered(this.#turn, group, body);
  }

  #onFrame(from: NodeHandle, link: LinkId, frame: MulticastFrame): void {
    const turn = this.#turn;
    const group = this.#groups.find(frame.group);
    const neighbor = turn.neighbors.get(from.id);
    if (neighbor?.uplink !== link) {
      turn.drop('not_parent');
      return;
    }
    if (frame.type === 'batch') {
      if (group === undefined) turn.drop('unknown_group');
      else onBatch(turn, group, from, frame);
      return;
    }
    if (group === undefined || group.closed) {
      turn.drop('unknown_group');
      turn.direct(from, { type: 'leave', group: frame.group });
      return;
    }
    if (frame.type === 'closed') {
      learn(turn, group, { descriptor: frame.descriptor });
      group.sawLast = true;
    } else onFrame(turn, group, from, frame);
  }

  #onLeafSetChanged(merged: boolean): void {
    for (const group of this.#groups.select(() => true)) {
      const { record, descriptor } = group;
      if (!merged || group.sequencer === undefined || record === undefined || descriptor === undefined) continue;
      if (!this.#turn.view.isRoot(group.id)) this.#turn.route(group.id, { type: 'announce', group: group.id, record, descriptor, next: group.highest });
    }
  }

  #onTick(): void {
    const turn = this.#turn;
    this.#groups.tick();
    this.#publishers.tick(turn);
    this.#openings.tick(turn);
    this.#departure.tick(turn, this.#groups);
    this.#anycasts.tick(turn);
    tickNeighbors(turn, this.#groups);
  }

  /** Counts as a sign of life; what breaks the protocol is told and goes no further. */
  #isSound(from: NodeHandle, fault: string | undefined): boolean {
    if (fault !== undefined) {
      this.#turn.fault(from, fault);
      return false;
    }
    if (this.#turn.neighbors.heard(from, this.#turn.now) === 'reborn') onReborn(this.#turn, this.#groups, from);
    return true;
  }

  /** What this node said to itself, and what follows from all of it. */
  #finishTurn(): void {
    const turn = this.#turn;
    for (let taken = 0; ; taken++) {
      assert(taken < OWN_MESSAGES_MAX, 'a node does not answer itself forever');
      this.#groups.settle();
      const own = turn.takeOwn();
      if (own === undefined) return;
      this.#inbox.take(turn.self, own);
    }
  }
}

function isRouted(body: MulticastMessage): body is RoutedMessage {
  return body.type === 'join' || body.type === 'findRoot' || body.type === 'open' || body.type === 'announce';
}
