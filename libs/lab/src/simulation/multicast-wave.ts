import type { Id } from '@banyan/ids';
import type { GroupDescriptor, MulticastCommand, MulticastEvent, MulticastFrame, Verified } from '@banyan/multicast';
import type { Millis } from '@banyan/sansio';
import type { Host } from '@banyan/simulator';
import type { DrawnGroup } from './drawn-groups.ts';
import { labGroup, type GroupApplications } from './group-setup.ts';
import type { OverlaySimulation } from './overlay-simulation.ts';
import type { TreeEdge } from './perfect-tree.ts';

const CLIENT = 'lab';
const SESSION = 'wave';
const MESSAGE_BYTES = 1_024;
const WINDOW_BYTES = 65_536;
/** Members come within this time, so that not all of them find a tree without anybody in it. */
const ARRIVAL_MS: Millis = 2_000;
const PATIENCE_MS: Millis = 30_000;
/** Links are dialled meanwhile. */
const SETTLE_MS: Millis = 1_000;
const CLOSING_MS: Millis = 1_000;
/** The first message finds the root and opens the publisher's link; the second is the one that is measured. */
const MEASURED = 2;

/** What became of one message to one group. */
export interface Delivered {
  readonly group: DrawnGroup;
  readonly root: Host;
  readonly publishedAt: Millis;
  readonly stampedAt: Millis;
  /** When each member was told it first. */
  readonly toldAt: ReadonlyMap<Host, Millis>;
  /** Every copy that went from a node to another below the root. */
  readonly copies: readonly TreeEdge[];
  /** Members told more than once, and nodes that got a copy more. */
  readonly duplicates: number;
}

interface Watched {
  readonly group: DrawnGroup;
  readonly descriptor: Verified<GroupDescriptor>;
  subscribed: number;
  opened: boolean;
  receipts: number;
  publishedAt: Millis;
  stampedAt: Millis;
  ended: number;
  readonly toldAt: Map<Host, Millis>;
  readonly copies: TreeEdge[];
  readonly reached: Set<Host>;
  root: Host;
  duplicates: number;
}

/**
 * Some groups at once: they are opened, their members subscribe, and one message is sent to each once its tree stands.
 * What the simulation keeps of them goes when they are closed.
 */
export class MulticastWave {
  readonly #simulation: OverlaySimulation<GroupApplications>;
  readonly #watched = new Map<Id, Watched>();
  readonly #stop: () => void;
  #nextReader: number;

  constructor(simulation: OverlaySimulation<GroupApplications>, groups: readonly DrawnGroup[], { firstReader, fanOutMax }: { readonly firstReader: number; readonly fanOutMax: number }) {
    this.#simulation = simulation;
    this.#nextReader = firstReader;
    for (const group of groups) {
      const descriptor = { ...labGroup(group.key, `wave-${group.key}`, 'ordered'), fanOutMax };
      this.#watched.set(group.key, { group, descriptor, subscribed: 0, opened: false, receipts: 0, publishedAt: 0, stampedAt: 0, ended: 0, toldAt: new Map(), copies: [], reached: new Set(), root: 0, duplicates: 0 });
    }
    this.#stop = simulation.observe({
      event: (now, host, app, event) => {
        if (app === 'multicast') this.#onEvent(now, host, event as MulticastEvent);
      },
      step: (_now, host, input) => {
        if (input.type === 'frame') this.#onFrame(host, simulation.hostOf(input.from.id), input.frame as MulticastFrame);
      },
    });
  }

  /** Opens the groups and brings all members in; false when not all were in time. */
  gather(): boolean {
    const { world, rng } = this.#simulation;
    for (const { group, descriptor } of this.#watched.values()) this.#command(group.publisher, { type: 'open', descriptor });
    const isOpen = this.#until(({ opened }) => opened);
    const startedAt = world.now;
    for (const { group, descriptor } of this.#watched.values()) {
      for (const member of group.members) {
        const subscription = this.#nextReader++;
        const command: MulticastCommand = { type: 'subscribe', subscription, group: group.key, start: { type: 'latest' }, windowBytes: WINDOW_BYTES, descriptor };
        world.at(startedAt + rng.next() * ARRIVAL_MS, () => this.#command(member, command));
      }
    }
    const isComplete = this.#until(({ subscribed, group }) => subscribed === group.members.length);
    world.run(world.now + SETTLE_MS);
    return isOpen && isComplete;
  }

  /** Sends the message that is measured, and waits for it. */
  publish(): readonly Delivered[] {
    const { world, rng } = this.#simulation;
    for (let counter = 1; counter <= MEASURED; counter++) {
      const startedAt = world.now;
      for (const watched of this.#watched.values()) {
        world.at(startedAt + rng.next() * 1_000, () => {
          watched.publishedAt = world.now;
          this.#command(watched.group.publisher, { type: 'publish', group: watched.group.key, client: CLIENT, session: SESSION, counter, count: 1, payload: undefined, bytes: MESSAGE_BYTES, descriptor: watched.descriptor });
        });
      }
      this.#until(({ receipts }) => receipts >= counter);
    }
    this.#until(({ toldAt, group }) => toldAt.size === group.members.length);
    // A copy too many may still be on its way.
    world.run(world.now + SETTLE_MS);
    return [...this.#watched.values()];
  }

  /** Ends the groups, so that nothing of them is left but the knowledge that they ended. */
  close(): void {
    const { world } = this.#simulation;
    for (const { group, descriptor } of this.#watched.values()) this.#command(group.publisher, { type: 'open', descriptor: { ...descriptor, version: 2, closed: true } });
    this.#until(({ ended, group }) => ended === group.members.length);
    world.run(world.now + CLOSING_MS);
    this.#stop();
  }

  #until(isDone: (watched: Watched) => boolean): boolean {
    const { world } = this.#simulation;
    const by = world.now + PATIENCE_MS;
    // Looked at now and then: after every event it would cost more than the events.
    while (world.now < by) {
      if ([...this.#watched.values()].every(isDone)) return true;
      world.run(world.now + 100);
    }
    return false;
  }

  #onEvent(now: Millis, host: Host, event: MulticastEvent): void {
    const watched = 'group' in event ? this.#watched.get(event.group) : event.type === 'messages' ? this.#watched.get(event.frame.group) : undefined;
    if (watched === undefined) return;
    switch (event.type) {
      case 'opened':
        watched.opened = true;
        watched.root = this.#simulation.hostOf(event.record.root.id);
        break;
      case 'subscribed':
        watched.subscribed += 1;
        break;
      case 'receipt':
        watched.receipts += 1;
        break;
      case 'ended':
        watched.ended += 1;
        break;
      case 'messages':
        if (event.frame.firstSequence !== MEASURED) break;
        watched.stampedAt = event.frame.stampMs;
        if (watched.toldAt.has(host)) watched.duplicates += 1;
        else watched.toldAt.set(host, now);
        break;
      default:
        break;
    }
  }

  #onFrame(child: Host, parent: Host, frame: MulticastFrame): void {
    if (frame.type !== 'stamped' || frame.firstSequence !== MEASURED) return;
    const watched = this.#watched.get(frame.group);
    if (watched === undefined) return;
    if (watched.reached.has(child)) watched.duplicates += 1;
    watched.reached.add(child);
    watched.copies.push({ parent, child });
  }

  #command(host: Host, command: MulticastCommand): void {
    this.#simulation.command(host, 'multicast', command);
  }
}
