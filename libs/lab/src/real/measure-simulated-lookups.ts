import type { LatencyMap } from '@banyan/host/latency-map';
import type { Id } from '@banyan/ids';
import { Lookup, type LookupEvent } from '@banyan/overlay';
import { LOCAL_PASTRY_CONFIG } from '@banyan/pastry';
import type { Host } from '@banyan/simulator';
import type { Progress } from '../report/progress.ts';
import { growRing } from '../simulation/grow.ts';
import { NodeFactory } from '../simulation/node-factory.ts';
import { OverlaySimulation } from '../simulation/overlay-simulation.ts';
import type { LookupAnswered, LookupOrder } from './asked-lookups.ts';
import { topologyOf } from './latency-file.ts';

const DRAIN_MS = 60_000;

export interface SimulatedLookupsSetup {
  readonly ids: readonly Id[];
  readonly map: LatencyMap;
  readonly leafSet: number;
  readonly settleMs: number;
  readonly lookups: readonly LookupOrder[];
  readonly lookupsPerSecond: number;
  readonly seed: number;
}

/** The same nodes at the same places, by the same figures of routing, asked the same, in virtual time. */
export function measureSimulatedLookups(setup: SimulatedLookupsSetup, progress: Progress): readonly (LookupAnswered | undefined)[] {
  type Applications = { readonly lookup: Lookup };
  const { ids, map, leafSet, settleMs, lookups, lookupsPerSecond, seed } = setup;
  const nodes = new NodeFactory<Applications>({ leafSet, digitBits: LOCAL_PASTRY_CONFIG.digitBits, config: LOCAL_PASTRY_CONFIG, applications: (view) => ({ lookup: new Lookup(view) }) });
  const simulation = new OverlaySimulation<Applications>({ topology: topologyOf(map, ids), seed, ids, makeNode: nodes.make });
  const { world } = simulation;
  growRing(simulation, ids.length, progress);
  world.run(world.now + settleMs);

  const answers: (LookupAnswered | undefined)[] = lookups.map(() => undefined);
  const sentAt: number[] = [];
  let open = lookups.length;
  simulation.observe({
    event(now: number, _host: Host, _app: string, event: unknown) {
      const told = event as LookupEvent;
      if (told.type !== 'found' && told.type !== 'failed') return;
      open--;
      if (told.type === 'found') answers[told.requestId] = { hops: told.hops, elapsedMs: now - (sentAt[told.requestId] ?? now) };
    },
  });
  const startedAt = world.now;
  for (const [requestId, { from, key }] of lookups.entries()) {
    world.run(startedAt + (requestId * 1_000) / lookupsPerSecond);
    sentAt.push(world.now);
    simulation.command(from, 'lookup', { type: 'lookup', requestId, key, replicas: 1 });
    progress.show('simulated lookups', requestId, lookups.length);
  }
  world.runUntil(() => open === 0, world.now + DRAIN_MS);
  return answers;
}
