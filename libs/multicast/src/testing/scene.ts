import { randomId, type Id } from '@banyan/ids';
import { exceeded, seededRng, type Millis, type Rng } from '@banyan/sansio';
import type { MulticastEvent, SlowPolicy, Start } from '../commands.ts';
import type { DeliveryClass, GroupDescriptor, Verified } from '../descriptor.ts';
import { compareEpochs, type EpochRecord } from '../epoch.ts';
import type { Fragment } from '../frames.ts';
import { findCycle, ReliableGroupOracle, type GroupOracle } from '../invariants.ts';
import { OrderedGroupOracle } from '../ordered-oracle.ts';
import { stripeCount, stripeDescriptor } from '../stripes/stripe-groups.ts';
import { RingDouble, type Member, type RingOptions } from './ring-double.ts';

const LOOK_EVERY = 8;
/** Readers of one group. */
const READERS_MAX = 1_000_000;

/** A descriptor as the tree builder would sign it. */
export function descriptorOf(group: Id, parts: Partial<GroupDescriptor> = {}): Verified<GroupDescriptor> {
  return {
    group,
    name: 'test/group',
    owner: 'test',
    version: 1,
    delivery: 'reliable' as DeliveryClass,
    retentionBytes: 1_048_576,
    retentionMs: 600_000,
    fanOutMax: 4,
    publishRules: [],
    subscribeRules: [],
    closed: false,
    signature: undefined,
    ...parts,
  } as Verified<GroupDescriptor>;
}

interface Publisher {
  readonly member: Member;
  readonly session: string;
  /** First counter of the next batch to give. */
  counter: number;
  blocked: boolean;
  left: number;
  readonly receipted: Set<number>;
}

interface Reader {
  readonly id: number;
  readonly member: Member;
  slowMs: Millis;
}

export interface SceneOptions extends RingOptions {
  readonly nodes: number;
  readonly descriptor?: Partial<GroupDescriptor>;
  /** The group is one more on the ring of this scene. */
  readonly beside?: Scene;
}

/** A ring with one group, publishers and readers that behave like the gRPC service, and the oracles looking on. */
export class Scene {
  readonly ring: RingDouble;
  readonly group: Id;
  readonly ids: readonly Id[];
  readonly oracle: GroupOracle;
  readonly events: { readonly at: Millis; readonly node: Id; readonly event: MulticastEvent }[] = [];
  readonly readers = new Map<number, Reader>();
  readonly publishers: Publisher[] = [];
  readonly rng: Rng;
  readonly descriptor: Verified<GroupDescriptor>;
  readonly wrong: string[] = [];
  /** What happens when a node that was asked to leave says that it has. */
  readonly onLeft = new Map<Id, () => void>();
  readonly #parents = new Map<string, string | undefined>();
  #nextReader: number;

  constructor(options: SceneOptions) {
    const { beside } = options;
    this.rng = beside?.rng.fork() ?? seededRng(options.seed * 7_919 + 1);
    this.ring = beside?.ring ?? new RingDouble(options);
    this.ids = beside?.ids ?? Array.from({ length: options.nodes }, () => randomId(this.rng));
    this.group = randomId(this.rng);
    this.descriptor = descriptorOf(this.group, options.descriptor);
    this.oracle = this.descriptor.delivery === 'reliable' ? new ReliableGroupOracle() : new OrderedGroupOracle();
    this.#nextReader = 1 + READERS_MAX * this.ring.observers.length;
    if (beside === undefined) for (const id of this.ids) this.ring.join(id);
    this.ring.observers.push({ onEvent: (member, event) => this.#onEvent(member, event), afterInput: (member) => this.#look(member) });
  }

  /** The group is opened by a command at some node, as the tree builder would. */
  open(): void {
    const member = this.ring.live[0] as Member;
    this.ring.command(member, { type: 'open', descriptor: this.descriptor });
  }

  subscribe(member: Member, start: Start = { type: 'latest' }, options: { readonly slowMs?: Millis; readonly windowBytes?: number; readonly policy?: SlowPolicy; readonly client?: string; readonly answers?: boolean } = {}): number {
    const id = this.#nextReader++;
    this.readers.set(id, { id, member, slowMs: options.slowMs ?? 0 });
    this.ring.command(member, { type: 'subscribe', subscription: id, group: this.group, start, windowBytes: options.windowBytes ?? 65_536, policy: options.policy ?? 'drop-oldest', client: options.client ?? 'reader', answers: options.answers ?? false });
    return id;
  }

  unsubscribe(id: number): void {
    const reader = this.readers.get(id);
    if (reader === undefined) return;
    this.readers.delete(id);
    this.oracle.unsubscribed(id);
    this.ring.command(reader.member, { type: 'unsubscribe', subscription: id });
  }

  /** Publishes `batches` of `count` messages, one every `everyMs`. */
  publish(member: Member, options: { readonly batches: number; readonly count?: number; readonly bytes?: number; readonly everyMs?: Millis; /** Batches are parts of messages of so many. */ readonly parts?: number }): void {
    const publisher: Publisher = { member, session: `s${this.publishers.length}`, counter: 1, blocked: false, left: options.batches, receipted: new Set() };
    this.publishers.push(publisher);
    const count = options.count ?? 1;
    const give = (): void => {
      if (!member.alive || publisher.left === 0) return;
      if (!publisher.blocked && member.pausedUntil <= this.ring.now) {
        const { session, counter } = publisher;
        publisher.left--;
        publisher.counter += count;
        this.ring.command(member, { type: 'publish', group: this.group, client: 'c', session, counter, count, payload: `${session}:${counter}`, bytes: options.bytes ?? 1_000, ...fragmentOf(counter, options.parts) });
      }
      this.ring.after(options.everyMs ?? 10, give);
    };
    give();
  }

  /** A node dies, and with it its readers. */
  crash(id: Id): void {
    this.ring.crash(id);
    for (const reader of [...this.readers.values()]) {
      if (reader.member.handle.id !== id || reader.member.alive) continue;
      this.readers.delete(reader.id);
      this.oracle.unsubscribed(reader.id);
    }
  }

  /** Everybody agrees on one root and stands in one tree under it. */
  unsettled(): string | undefined {
    const pictures = this.ring.live.map((member) => member.machine.describe(this.group)).filter((picture) => picture !== undefined);
    const roots = pictures.filter((picture) => picture.role === 'root');
    if (roots.length !== 1) return `${roots.length} roots`;
    const orphans = pictures.filter((picture) => picture.role === 'orphan');
    if (orphans.length > 0) return `${orphans.length} orphans`;
    return undefined;
  }

  /** Publishers that live have all their receipts. */
  unreceipted(): string | undefined {
    for (const { member, session, receipted, counter, left } of this.publishers) {
      if (member.alive && (left > 0 || this.#receiptedMessages(receipted) < counter - 1)) return `${session}: ${receipted.size} batches receipted, next counter ${counter}, ${left} not given`;
    }
    return undefined;
  }

  /** The newest record that any live node has, `without` one of them; of a stripe where that is asked for. */
  record(without?: Id, group = this.group): EpochRecord | undefined {
    let newest: EpochRecord | undefined;
    for (const member of this.ring.live) {
      const record = member.handle.id === without ? undefined : member.machine.recordOf(group);
      if (record !== undefined && (newest === undefined || compareEpochs(record.epoch, newest.epoch) > 0)) newest = record;
    }
    return newest;
  }

  /** True when a majority lives on although `victim` dies: of the newest record, and of the newest that the others know. */
  survives(victim: Id): boolean {
    const trees = [this.group, ...Array.from({ length: stripeCount(this.descriptor) }, (_, index) => stripeDescriptor(this.descriptor, index).group)];
    const records = trees.flatMap((tree) => [this.record(undefined, tree), this.record(victim, tree)]);
    return records.every((record) => record === undefined || this.#keepsMajority(record, victim));
  }

  notes(note: string): number {
    return this.events.filter(({ event }) => event.type === 'note' && event.note === note).length;
  }

  #keepsMajority(record: EpochRecord, victim: Id): boolean {
    const live = record.voters.filter((voter) => {
      const member = this.ring.member(voter.id);
      return voter.id !== victim && member !== undefined && member.alive && member.handle.incarnation === voter.incarnation;
    });
    return live.length > record.voters.length / 2;
  }

  #receiptedMessages(batches: ReadonlySet<number>): number {
    return batches.size;
  }

  #onEvent(member: Member, event: MulticastEvent): void {
    const group = event.type === 'messages' ? event.frame.group : event.type === 'left' ? this.group : event.group;
    if (group !== this.group) return;
    this.events.push({ at: this.ring.now, node: member.handle.id, event });
    switch (event.type) {
      case 'left':
        this.onLeft.get(member.handle.id)?.();
        return;
      case 'subscribed':
        if (!this.readers.has(event.subscription)) return;
        this.oracle.subscribed(event.subscription, event.firstSequence);
        return;
      case 'messages': {
        if (!this.readers.has(event.subscription)) return;
        this.#claim(this.oracle.delivered(event.subscription, event.frame, event.from, member.machine.recordOf(this.group)?.epoch));
        const reader = this.readers.get(event.subscription);
        const { bytes } = event.frame;
        const { subscription } = event;
        this.ring.after(reader?.slowMs ?? 0, () => this.ring.command(member, { type: 'consumed', subscription, bytes }));
        return;
      }
      case 'gap':
        if (this.readers.has(event.subscription)) this.#claim(this.oracle.gap(event.subscription, event, member.machine.recordOf(this.group)?.epoch));
        return;
      case 'receipt': {
        const publisher = this.publishers.find(({ session }) => session === event.session);
        for (let i = 0; i < event.count; i++) publisher?.receipted.add(event.counter + i);
        this.#claim(this.oracle.receipt(event.client, event.session, event));
        return;
      }
      case 'publishBlocked': {
        const publisher = this.publishers.find(({ session }) => session === event.session);
        if (publisher === undefined) return;
        publisher.blocked = true;
        publisher.left++;
        publisher.counter = event.counter;
        return;
      }
      case 'publishReady': {
        const publisher = this.publishers.find(({ session }) => session === event.session);
        if (publisher !== undefined) publisher.blocked = false;
        return;
      }
      case 'publishFailed':
        if (event.reason !== 'GROUP_CLOSED') this.#claim(`publish failed: ${JSON.stringify(event)}`);
        return;
      default:
        return;
    }
  }

  /** After every event: no cycle (a new one needs a new pointer); and every bound holds. */
  #look(member: Member): void {
    const node = lifeOf(member.handle);
    const pointer = member.machine.parentOf(this.group);
    const parent = pointer === undefined ? undefined : lifeOf(pointer);
    if (this.#parents.get(node) !== parent) {
      this.#parents.set(node, parent);
      const live = this.ring.live.map((one) => lifeOf(one.handle));
      const cycle = findCycle(live.map((life) => ({ node: life, parent: this.#parents.get(life) })));
      if (cycle !== undefined) this.#claim(`cycle ${cycle.map((one) => one.slice(0, 4)).join(' > ')}`);
    }
    // Every queue and table grows by few in one event, so a look now and then finds what grows.
    if (this.ring.inputs % LOOK_EVERY === 0) this.#claim(exceeded(member.machine.bounds()));
  }

  #claim(wrong: string | undefined): void {
    if (wrong !== undefined && this.wrong.length < 20) this.wrong.push(`${this.ring.now}: ${wrong}`);
  }
}

function fragmentOf(counter: number, parts: number | undefined): { readonly fragment?: Fragment } {
  return parts === undefined ? {} : { fragment: { index: (counter - 1) % parts, count: parts } };
}

function lifeOf(node: { readonly id: Id; readonly incarnation: number }): string {
  return `${node.id}@${node.incarnation}`;
}
