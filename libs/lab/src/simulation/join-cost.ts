import type { Applications } from '@banyan/overlay';
import { startMeter } from '../report/meter.ts';
import type { Progress } from '../report/progress.ts';
import { rounded, sum } from '../statistics.ts';
import { growRing } from './grow.ts';
import type { OverlaySimulation } from './overlay-simulation.ts';

/** What it cost until the last node was ready. */
export type JoinFigures = {
  readonly virtualSeconds: number;
  readonly cpuSeconds: number;
  /** From a node's start until it was ready, on average and at most. */
  readonly secondsPerJoin: { readonly mean: number; readonly max: number };
  /** Everything sent, heartbeats and maintenance of those who were ready already among it, by the number of nodes. */
  readonly messagesPerNode: number;
  /** The same by type, dearest first. */
  readonly messagesByType: { readonly [type: string]: number };
  /** Join requests beyond the first, because the root was busy or an answer did not come. */
  readonly retriesPerNode: number;
};

/** Lets every host join by the protocol itself and tells what that cost. */
export function growMeasured<A extends Applications>(simulation: OverlaySimulation<A>, nodes: number, progress: Progress): JoinFigures {
  const meter = startMeter();
  const counts = new Map<string, number>();
  const startedAt = new Map<number, number>();
  const tookMs: number[] = [];
  let requests = 0;
  const stop = simulation.observe({
    sent: (_host, message) => {
      counts.set(message.type, (counts.get(message.type) ?? 0) + 1);
      if (message.type === 'joinRequest' && message.hops === 0) requests += 1;
    },
    started: (now, host) => startedAt.set(host, now),
    ready: (host) => tookMs.push(simulation.world.now - (startedAt.get(host) ?? 0)),
  });
  growRing(simulation, nodes, progress);
  stop();
  const perNode = [...counts].map(([type, count]) => [type, rounded(count / nodes, 2)] as const).sort(([, a], [, b]) => b - a);
  return {
    virtualSeconds: rounded(simulation.world.now / 1_000, 1),
    cpuSeconds: rounded(meter().cpuSeconds, 1),
    secondsPerJoin: { mean: rounded(sum(tookMs) / Math.max(1, tookMs.length) / 1_000, 2), max: rounded(tookMs.reduce((most, ms) => Math.max(most, ms), 0) / 1_000, 2) },
    messagesPerNode: rounded(sum([...counts.values()]) / nodes, 1),
    messagesByType: Object.fromEntries(perNode),
    retriesPerNode: rounded(Math.max(0, requests - (nodes - 1)) / nodes, 3),
  };
}
