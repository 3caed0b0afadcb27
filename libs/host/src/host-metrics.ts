import type { HopAttempt } from '@banyan/kbr';
import type { MulticastEvent, MulticastStats } from '@banyan/multicast';
import { assertNever } from '@banyan/sansio';
import { MULTICAST_METRICS, OVERLAY_METRICS, type Metrics, type MetricsRegistry } from '@banyan/telemetry';
import type { HostEffect } from './machine.ts';

/** What is read into gauges before a scrape. */
export interface HostGauges {
  readonly leaves: number;
  /** Filled entries of the routing table. */
  readonly entries: number;
  readonly controlLinks: number;
  readonly dataLinks: number;
  /** Sites of the map that links emulate; 0 where they are as they are. */
  readonly emulatedSites: number;
  readonly multicast: MulticastStats;
}

const MS_PER_S = 1_000;
// Reasons that only frames of groups are dropped for; the machine's effect does not say what was dropped.
const FRAME_REASONS: ReadonlySet<string> = new Set(['hole', 'intake_limit', 'not_parent', 'not_root', 'orphan_part', 'over_credit', 'roster_limit', 'stale_epoch', 'truncated', 'uncommitted', 'unknown_group']);

/** Counts what the machine does by the type of its effects; the machine itself counts nothing. */
export class HostMetrics {
  readonly overlay: Metrics<typeof OVERLAY_METRICS>;
  readonly multicast: Metrics<typeof MULTICAST_METRICS>;

  #joiningSince: number | undefined;

  constructor(registry: MetricsRegistry, gauges: () => HostGauges) {
    this.overlay = registry.register(OVERLAY_METRICS);
    this.multicast = registry.register(MULTICAST_METRICS);
    registry.beforeScrape(() => this.#read(gauges()));
  }

  /** One effect was performed. What is counted where bytes are known (messages, frames) is not counted here. */
  performed(effect: HostEffect): void {
    switch (effect.type) {
      case 'delivered':
        return this.overlay.routeHops.observe(effect.hops);
      case 'drop':
        return this.dropped(effect.reason, effect.count);
      case 'peerFault':
        return this.overlay.peerFaults.add(1, { fault: effect.fault });
      case 'peerDead':
        return this.overlay.peerDeaths.add(1);
      case 'note':
        return this.#noted(effect.note, effect.count);
      case 'event':
        if (effect.app === 'multicast') this.#told(effect.event);
        else if (effect.app === 'attached' && effect.event.type === 'forwarded') this.overlay.forwards.add(1, { reason: effect.event.outcome });
        return;
      case 'send':
      case 'hopDone':
      case 'sendDirect':
      case 'dial':
      case 'hangUp':
      case 'fanOut':
      case 'leafSetChanged':
      case 'readyChanged':
        return undefined;
      default:
        return assertNever(effect);
    }
  }

  /** Something was given up. */
  dropped(reason: string, count: number): void {
    if (FRAME_REASONS.has(reason)) this.multicast.framesDropped.add(count, { reason });
    else this.overlay.dropped.add(count, { reason });
  }

  /** An attempt at a hop has its outcome. */
  hopDone(hop: HopAttempt, outcome: 'acknowledged' | 'timeout', roundTripMs: number): void {
    if (outcome === 'acknowledged') this.overlay.hopRoundTrip.observe(roundTripMs / MS_PER_S, { rule: hop.rule });
    else this.overlay.hopTimeouts.add(1, { rule: hop.rule });
  }

  /** A control message came or went. */
  message(direction: 'in' | 'out', bytes: number): void {
    this.overlay.messages.add(1, { direction });
    this.overlay.bytes.add(bytes, { direction });
  }

  /** A frame came, or went to so many children. */
  frame(direction: 'in' | 'out', bytes: number, links: number): void {
    this.multicast.frames.add(links, { direction });
    this.multicast.frameBytes.add(bytes * links, { direction });
  }

  #noted(note: string, count: number): void {
    if (note === 'join_started') this.#joinStarted(count);
    else if (note === 'joined') this.#joined(count);
    else if (note === 'leaf_lost') this.overlay.repairs.add(count, { structure: 'leaf_set' });
    else if (note === 'upkeep_left_out') this.overlay.upkeepLeftOut.add(count);
    else if (note === 'entry_lost') this.overlay.repairs.add(count, { structure: 'routing_table' });
  }

  /** A join that failed is tried again; the time runs from the first attempt. */
  #joinStarted(count: number): void {
    this.overlay.joins.add(count, { outcome: 'started' });
    this.#joiningSince ??= performance.now();
  }

  #joined(count: number): void {
    this.overlay.joins.add(count, { outcome: 'joined' });
    if (this.#joiningSince !== undefined) this.overlay.joinDuration.observe((performance.now() - this.#joiningSince) / MS_PER_S);
    this.#joiningSince = undefined;
  }

  #told(event: MulticastEvent): void {
    if (event.type === 'gap') this.multicast.gaps.add(1, { reason: event.reason });
    else if (event.type === 'receipt') this.multicast.published.add(event.count);
    else if (event.type === 'detached') this.multicast.detached.add(1);
    else if (event.type === 'note' && event.note === 'moved') this.multicast.moves.add(1);
    else if (event.type === 'note' && event.note === 'held') this.multicast.holds.add(1);
  }

  #read({ leaves, entries, controlLinks, dataLinks, emulatedSites, multicast }: HostGauges): void {
    this.overlay.leafSetNodes.set(leaves);
    this.overlay.routingTableNodes.set(entries);
    this.overlay.emulatedSites.set(emulatedSites);
    this.overlay.links.set(controlLinks, { kind: 'control' });
    this.overlay.links.set(dataLinks, { kind: 'data' });
    this.multicast.groups.set(multicast.groups);
    this.multicast.rooted.set(multicast.roots);
    this.multicast.children.set(multicast.children);
    this.multicast.subscriptions.set(multicast.subscriptions);
    this.multicast.slow.set(multicast.slow);
    this.multicast.retainedBytes.set(multicast.retainedBytes);
    this.multicast.unreceiptedBytes.set(multicast.unreceiptedBytes);
  }
}
