import { createFullNode, FULL_NODE_KIND, parseRecording, recordingHeaderLine, recordingStepLine, type FullApplications } from '@banyan/overlay';
import { DEFAULT_PASTRY_CONFIG } from '@banyan/pastry';
import type { Json } from '@banyan/sansio';
import { CALM, plane } from '@banyan/simulator';
import { assert, expect, it } from 'vitest';
import { SILENT } from '../report/progress.ts';
import { labGroup } from '../simulation/group-setup.ts';
import { growRing } from '../simulation/grow.ts';
import { OverlaySimulation } from '../simulation/overlay-simulation.ts';
import { machineOf } from './machines.ts';
import { replay } from './replay.ts';

const NODES = 12;
const RECORDED_HOST = 5;
const RECORDED_SEED = 77;

/** The recording of one node of a small ring that joins, is asked for routes, reads a group, and sees a neighbor crash. */
function recordNode(): string {
  const lines: string[] = [];
  const simulation = new OverlaySimulation<FullApplications>({
    topology: plane({ hosts: NODES, seed: 1 }),
    seed: 1,
    weather: { ...CALM, lossRate: 0.05, jitter: 0.5 },
    makeNode: (self, rng) => {
      const isRecorded = self.controlAddress === `host-${RECORDED_HOST}:1`;
      const parts = { self, seed: isRecorded ? RECORDED_SEED : rng.below(2 ** 32), config: { pastry: DEFAULT_PASTRY_CONFIG, multicast: {} } };
      if (isRecorded) lines.push(recordingHeaderLine({ version: 1, kind: FULL_NODE_KIND, ...parts, config: parts.config as unknown as Json }));
      return createFullNode(parts).node;
    },
  });
  simulation.observe({
    step: (now, host, input, effects) => {
      if (host === RECORDED_HOST) lines.push(recordingStepLine({ now, input, effects }));
    },
  });
  growRing(simulation, NODES, SILENT);
  for (let requestId = 1; requestId <= 20; requestId++) {
    simulation.command(RECORDED_HOST, 'lookup', { type: 'trace', requestId, key: simulation.idOf(requestId % NODES), dryRun: true });
  }
  const descriptor = labGroup(simulation.idOf(3), 'recorded', 'reliable');
  simulation.command(RECORDED_HOST, 'multicast', { type: 'subscribe', subscription: 1, group: descriptor.group, start: { type: 'first' }, windowBytes: 65_536, descriptor });
  for (let counter = 1; counter <= 50; counter++) {
    const publish = { type: 'publish', group: descriptor.group, client: 'c', session: 's', counter, count: 1, payload: Uint8Array.of(counter), bytes: 1, descriptor } as const;
    simulation.world.at(simulation.world.now + 10_000 + 100 * counter, () => simulation.command(7, 'multicast', publish));
  }
  simulation.world.run(simulation.world.now + 30_000);
  simulation.crash(0, { silent: true });
  simulation.world.run(simulation.world.now + 60_000);
  return `${lines.join('\n')}\n`;
}

it('builds the machine of a node anew, so that its recording gives the same effects', () => {
  const recording = parseRecording(recordNode());
  assert('steps' in recording);
  const machine = machineOf(recording.header);
  assert(machine !== undefined);
  expect(recording.steps.length).toBeGreaterThan(150);
  expect(replay(recording, machine)).toEqual({ steps: recording.steps.length, differsAt: undefined, effects: [] });
});

it('does not know every kind', () => {
  const recording = parseRecording(recordNode());
  assert('steps' in recording);
  expect(machineOf({ ...recording.header, kind: 'toaster' })).toBeUndefined();
});
