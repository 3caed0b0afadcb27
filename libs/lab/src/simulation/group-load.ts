import type { Id } from '@banyan/ids';
import { compareEpochs, OrderedGroupOracle, ReliableGroupOracle, type EpochRecord, type GroupDescriptor, type GroupOracle, type MulticastCommand, type MulticastEvent, type SubscriptionId, type Verified } from '@banyan/multicast';
import type { Millis } from '@banyan/sansio';
import type { Host } from '@banyan/simulator';
import type { GroupApplications } from './group-setup.ts';
import { GroupPublisher } from './group-publisher.ts';
import type { NodeFactory } from './node-factory.ts';
import type { OverlaySimulation } from './overlay-simulation.ts';
import { TreeOracle } from './tree-oracle.ts';

const WINDOW_BYTES = 65_536;
/** A reader that has taken so much says so, after a moment. */
const CONSUMED_BYTES = 8_192;
const READER_PAUSE_MS: Millis = 10;
const RETRY_MS: Millis = 1_000;
const COMPLAINTS_MAX = 20;

export interface GroupLoadOptions {
  readonly simulation: OverlaySimulation<GroupApplications>;
  readonly nodes: NodeFactory<GroupApplications>;
  readonly descriptor: Verified<GroupDescriptor>;
  /** Hosts that subscribe, again in each of their lives. */
  readonly members: readonly Host[];
  readonly publishers: number;
  /** Chosen by the experiment, apart for each group: reader ids start above it. */
  readonly firstReader: SubscriptionId;
}

/**
 * The users of one group: readers that subscribe anew whenever their node starts again, publishers that move to
 * another node when theirs dies. Everything that they are told goes to the oracles.
 */
export class GroupLoad {
  readonly oracle: GroupOracle;
  readonly tree: TreeOracle;
  /** What turned out false, the first few sentences. */
  readonly complaints: string[] = [];
  readonly group: Id;
  readonly #options: GroupLoadOptions;
  readonly #simulation: OverlaySimulation<GroupApplications>;
  readonly #members: Set<Host>;
  readonly #readerAt = new Map<Host, SubscriptionId>();
  /** Bytes each reader took and has not yet said so. */
  readonly #taken = new Map<SubscriptionId, number>();
  readonly #publishers: GroupPublisher[] = [];
  #nextReader: SubscriptionId;
  #delivered = 0;
  #publishingUntil: Millis = 0;

  constructor(options: GroupLoadOptions) {
    this.#options = options;
    this.#simulation = options.simulation;
    this.group = options.descriptor.group;
    this.oracle = options.descriptor.delivery === 'reliable' ? new ReliableGroupOracle() : new OrderedGroupOracle();
    this.#members = new Set(options.members);
    this.#nextReader = options.firstReader;
    this.tree = new TreeOracle({ ...options, group: this.group });
    options.simulation.observe({
      event: (now, host, app, event) => {
        if (app === 'multicast') this.#onEvent(now, host, event as MulticastEvent);
      },
      crashed: (_now, host) => this.#onGone(host),
      leaving: (_now, host) => this.#onLeaving(host),
      ready: (host) => this.#join(host),
    });
  }

  get #isReliable(): boolean {
    return this.#options.descriptor.delivery === 'reliable';
  }

  /** Messages handed to readers, over all of them. */
  get delivered(): number {
    return this.#delivered;
  }

  /** Opens the group at some node and lets every member that is ready subscribe. */
  open(): void {
    const opener = this.#simulation.anyReady();
    if (opener !== undefined) this.#command(opener, { type: 'open', descriptor: this.#options.descriptor });
    for (const host of this.#members) this.#join(host);
  }

  /** One batch of each publisher every `periodMs`, until `until`. */
  publish(periodMs: Millis, until: Millis): void {
    this.#publishingUntil = until;
    for (let i = 0; i < this.#options.publishers; i++) this.#startPublisher(periodMs);
  }

  /** A node is gone for good; where it was a member, the one in its place is now. */
  replace(gone: Host, by: Host): void {
    if (this.#members.delete(gone)) this.#members.add(by);
  }

  /** Whether what the group promises holds when `host` dies: a reliable one needs a majority of its voters. */
  survives(host: Host): boolean {
    const record = this.#isReliable ? this.#newestRecord() : undefined;
    if (record === undefined) return true;
    const live = record.voters.filter((voter) => {
      const voterHost = this.#simulation.hostOf(voter.id);
      return voterHost !== host && this.#simulation.handle(voterHost)?.incarnation === voter.incarnation;
    });
    return live.length > record.voters.length / 2;
  }

  /** The root of the group, or as often one of the other voters; undefined before the group is open. */
  keyHolder(): Host | undefined {
    const { rng } = this.#simulation;
    const record = this.#newestRecord();
    const holder = rng.next() < 0.5 ? record?.root : rng.pick(record?.voters ?? []);
    return holder === undefined ? undefined : this.#simulation.hostOf(holder.id);
  }

  /** What is still open: readers behind, receipts missing, orphans, other than one root. */
  unfinished(): readonly string[] {
    const behind = this.oracle.unfinished();
    const unreceipted = this.#publishers.flatMap((publisher) => publisher.unfinished() ?? []);
    return [...(behind === undefined ? [] : [behind]), ...unreceipted, ...this.tree.unsettled()].map((sentence) => `${this.#options.descriptor.name}: ${sentence}`);
  }

  #join(host: Host): void {
    if (!this.#members.has(host) || this.#readerAt.has(host) || !this.#simulation.isReady(host) || this.#simulation.isLeaving(host)) return;
    const subscription = this.#nextReader++;
    this.#readerAt.set(host, subscription);
    const { group } = this;
    const start = this.#simulation.rng.next() < 0.5 ? ({ type: 'first' } as const) : ({ type: 'latest' } as const);
    this.#command(host, { type: 'subscribe', subscription, group, start, windowBytes: WINDOW_BYTES, descriptor: this.#options.descriptor });
  }

  #startPublisher(periodMs: Millis): void {
    const { world } = this.#simulation;
    if (world.now >= this.#publishingUntil) return;
    const host = this.#simulation.anyReady();
    if (host === undefined || this.#simulation.isLeaving(host)) return void world.at(world.now + RETRY_MS, () => this.#startPublisher(periodMs));
    const session = `session-${this.#publishers.length + 1}`;
    const publisher = new GroupPublisher({ group: this.group, session, host, periodMs, send: (command) => this.#command(host, command), descriptor: this.#options.descriptor });
    this.#publishers.push(publisher);
    const next = (): void => {
      if (!publisher.isLive) return;
      publisher.give();
      if (world.now + periodMs <= this.#publishingUntil) world.at(world.now + periodMs, next);
      else publisher.stop();
    };
    next();
  }

  /** Its readers go elsewhere before it ends. */
  #onLeaving(host: Host): void {
    const subscription = this.#readerAt.get(host);
    if (subscription !== undefined) this.#command(host, { type: 'unsubscribe', subscription });
    this.#onGone(host);
  }

  #onGone(host: Host): void {
    const reader = this.#readerAt.get(host);
    if (reader !== undefined) {
      this.oracle.unsubscribed(reader);
      this.#readerAt.delete(host);
    }
    for (const publisher of this.#publishers) {
      if (publisher.host !== host || !publisher.isLive) continue;
      publisher.die();
      this.#startPublisher(publisher.periodMs);
    }
  }

  #onEvent(now: Millis, host: Host, event: MulticastEvent): void {
    switch (event.type) {
      case 'subscribed':
        if (event.group === this.group) this.oracle.subscribed(event.subscription, event.firstSequence);
        break;
      case 'subscribeFailed':
        if (event.group === this.group) this.#retry(host);
        break;
      case 'messages':
        // What was on its way to a reader that went elsewhere counts for nothing.
        if (event.frame.group === this.group && this.#readerAt.get(host) === event.subscription) this.#onMessages(now, host, event);
        break;
      case 'gap':
        if (event.group !== this.group) break;
        // Where no majority is asked, what only the dead had is lost, and what lost against another epoch is taken back.
        if (this.#isReliable) this.#claim(now, `a gap was told: ${event.from}..${event.to} ${event.reason}`);
        this.#claim(now, this.oracle.gap(event.subscription, event, this.#recordAt(host)?.epoch));
        break;
      case 'receipt':
        if (event.group !== this.group) break;
        this.#claim(now, this.oracle.receipt(event.client, event.session, event));
        this.#publisher(event.session)?.receipted(event);
        break;
      case 'publishBlocked':
        if (event.group === this.group) this.#publisher(event.session)?.blocked(event.counter);
        break;
      case 'publishReady':
        if (event.group === this.group) this.#publisher(event.session)?.ready();
        break;
      case 'publishFailed':
        if (event.group === this.group) this.#claim(now, `a batch was refused: ${event.reason}`);
        break;
      case 'openFailed':
        if (event.group === this.group) this.#claim(now, `the group did not open: ${event.reason}`);
        break;
      default:
        break;
    }
  }

  #onMessages(now: Millis, host: Host, { subscription, frame, from }: Extract<MulticastEvent, { readonly type: 'messages' }>): void {
    this.#delivered += frame.firstSequence + frame.count - from;
    this.#claim(now, this.oracle.delivered(subscription, frame, from, this.#recordAt(host)?.epoch));
    this.#consume(host, subscription, frame.bytes);
  }

  /** A reader says now and then how much it took, as one does that reads a stream. */
  #consume(host: Host, subscription: SubscriptionId, bytes: number): void {
    const { world } = this.#simulation;
    const taken = (this.#taken.get(subscription) ?? 0) + bytes;
    this.#taken.set(subscription, taken);
    if (taken < CONSUMED_BYTES || taken - bytes >= CONSUMED_BYTES) return;
    world.at(world.now + READER_PAUSE_MS, () => {
      const consumed = this.#taken.get(subscription) ?? 0;
      this.#taken.delete(subscription);
      if (this.#readerAt.get(host) === subscription) this.#command(host, { type: 'consumed', subscription, bytes: consumed });
    });
  }

  #retry(host: Host): void {
    const { world } = this.#simulation;
    this.#readerAt.delete(host);
    world.at(world.now + RETRY_MS, () => this.#join(host));
  }

  #publisher(session: string): GroupPublisher | undefined {
    return this.#publishers.find((publisher) => publisher.session === session);
  }

  #recordAt(host: Host): EpochRecord | undefined {
    return this.#options.nodes.applications(this.#simulation.idOf(host))?.multicast.recordOf(this.group);
  }

  #newestRecord(): EpochRecord | undefined {
    let newest: EpochRecord | undefined;
    for (const id of this.#simulation.liveIds()) {
      const record = this.#options.nodes.applications(id)?.multicast.recordOf(this.group);
      if (record !== undefined && (newest === undefined || compareEpochs(record.epoch, newest.epoch) > 0)) newest = record;
    }
    return newest;
  }

  #command(host: Host, command: MulticastCommand): void {
    this.#simulation.command(host, 'multicast', command);
  }

  #claim(now: Millis, wrong: string | undefined): void {
    if (wrong !== undefined && this.complaints.length < COMPLAINTS_MAX) this.complaints.push(`${this.#options.descriptor.name} at ${Math.round(now)} ms: ${wrong}`);
  }
}
