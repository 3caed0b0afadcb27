import type { DigitBits, Id } from '@banyan/ids';
import type { Host, Topology } from '@banyan/simulator';
import type { Progress } from '../report/progress.ts';
import { rounded } from '../statistics.ts';
import { growOneByOne, growRing } from './grow.ts';
import { headOf, KnownRing } from './known-ring.ts';
import { NodeFactory } from './node-factory.ts';
import { OverlaySimulation } from './overlay-simulation.ts';
import { Probe, type ProbeApplications } from './probe.ts';

const SETTLE_MS = 60_000;

export interface TableQualitySetup {
  readonly topology: Topology;
  readonly seed: number;
  readonly leafSet: number;
  readonly digitBits: DigitBits;
  /** Nodes join while others do, at 5 % of the ring a second; else each waits for the one before. */
  readonly together: boolean;
}

/** One row of all routing tables; the figures are per node. */
export type RowQuality = {
  /** Slots that some node fits. */
  readonly slots: number;
  /** Of these: with the nearest of all that fit, with another that fits, with none. */
  readonly optimal: number;
  readonly suboptimal: number;
  readonly missing: number;
  /** Mean distance of the entries over that of the nearest. */
  readonly stretch: number;
};

export type TableQualityResults = {
  readonly joined: number;
  readonly rows: readonly RowQuality[];
  /** The most entries in any row that are not the nearest, per node. */
  readonly suboptimalPerRowMax: number;
  readonly virtualSeconds: number;
};

/** Lets every host join and compares every slot of every routing table with the nearest node that fits it. */
export function measureTableQuality({ topology, seed, leafSet, digitBits, together }: TableQualitySetup, progress: Progress): TableQualityResults {
  const nodes = new NodeFactory<ProbeApplications>({ leafSet, digitBits, applications: () => ({ probe: new Probe() }) });
  const simulation = new OverlaySimulation<ProbeApplications>({ topology, seed, makeNode: nodes.make });
  const { world, ring } = simulation;
  if (together) growRing(simulation, topology.hosts, progress);
  else growOneByOne(simulation, topology.hosts, progress);
  world.run(world.now + SETTLE_MS);
  const known = new KnownRing(simulation.ids(), digitBits);
  const count = new RowCount({ known, topology, hostOf: (id) => simulation.hostOf(id) });
  for (let host = 0; host < topology.hosts; host++) {
    progress.show('tables', host, topology.hosts);
    const table = nodes.routing(simulation.idOf(host))?.entries() ?? [];
    count.add(host, table);
  }
  const rows = count.rows();
  return {
    joined: ring.size,
    rows,
    suboptimalPerRowMax: rows.reduce((most, { suboptimal }) => Math.max(most, suboptimal), 0),
    virtualSeconds: rounded(world.now / 1_000, 1),
  };
}

interface Sums {
  slots: number;
  optimal: number;
  missing: number;
  entriesMs: number;
  nearestMs: number;
}

class RowCount {
  readonly #known: KnownRing;
  readonly #topology: Topology;
  readonly #hostOf: (id: Id) => Host;
  readonly #sums: Sums[] = [];

  constructor({ known, topology, hostOf }: { readonly known: KnownRing; readonly topology: Topology; readonly hostOf: (id: Id) => Host }) {
    this.#known = known;
    this.#topology = topology;
    this.#hostOf = hostOf;
  }

  /** `entries`: every id in the routing table of the node on `host`. */
  add(host: Host, entries: readonly Id[]): void {
    const known = this.#known;
    const own = known.headAt(known.placeOfHost(host));
    const bySlot = new Map(entries.map((id) => [this.#slotName(own, headOf(id)), this.#hostOf(id)]));
    for (let row = 0; ; row++) {
      const range = known.sharing(own, row);
      if (range.high - range.low < 2) return;
      const sums = (this.#sums[row] ??= { slots: 0, optimal: 0, missing: 0, entriesMs: 0, nearestMs: 0 });
      for (let low = range.low; low < range.high; ) {
        const slot = known.sharing(known.headAt(low), row + 1);
        low = slot.high;
        if (known.sharedDigits(known.headAt(slot.low), own) > row) continue;
        this.#compare(host, slot, bySlot.get(this.#slotName(own, known.headAt(slot.low))), sums);
      }
    }
  }

  rows(): readonly RowQuality[] {
    const nodes = this.#known.size;
    return this.#sums.map(({ slots, optimal, missing, entriesMs, nearestMs }) => ({
      slots: rounded(slots / nodes, 2),
      optimal: rounded(optimal / nodes, 2),
      suboptimal: rounded((slots - optimal - missing) / nodes, 3),
      missing: rounded(missing / nodes, 3),
      stretch: nearestMs === 0 ? 1 : rounded(entriesMs / nearestMs, 3),
    }));
  }

  #compare(host: Host, slot: { readonly low: number; readonly high: number }, entry: Host | undefined, sums: Sums): void {
    sums.slots += 1;
    if (entry === undefined) {
      sums.missing += 1;
      return;
    }
    let nearestMs = Infinity;
    for (let place = slot.low; place < slot.high; place++) nearestMs = Math.min(nearestMs, this.#topology.latencyMs(host, this.#known.hostAt(place)));
    const entryMs = this.#topology.latencyMs(host, entry);
    if (entryMs <= nearestMs) sums.optimal += 1;
    sums.entriesMs += entryMs;
    sums.nearestMs += nearestMs;
  }

  // Row and the digits up to the column, which name a slot of the table that `own` has.
  #slotName(own: number, head: number): string {
    const row = this.#known.sharedDigits(own, head);
    return `${row}:${this.#known.sharing(head, row + 1).low}`;
  }
}
