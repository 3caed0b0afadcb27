import { createOverlayNode, parseRecording, recordingHeaderLine, recordingStepLine, type BuiltinApplications } from '@banyan/overlay';
import { DEFAULT_PASTRY_CONFIG } from '@banyan/pastry';
import { seededRng, type Json } from '@banyan/sansio';
import { CALM, plane } from '@banyan/simulator';
import { assert, expect, it } from 'vitest';
import { SILENT } from '../report/progress.ts';
import { growRing } from '../simulation/grow.ts';
import { OverlaySimulation } from '../simulation/overlay-simulation.ts';
import { machineOf } from './machines.ts';
import { replay } from './replay.ts';

const NODES = 12;
const RECORDED_HOST = 5;
const RECORDED_SEED = 77;

/** The recording of one node of a small ring that joins, is asked for routes, and sees a neighbor crash. */
function recordNode(): string {
  const lines: string[] = [];
  const simulation = new OverlaySimulation<BuiltinApplications>({
    topology: plane({ hosts: NODES, seed: 1 }),
    seed: 1,
    weather: { ...CALM, lossRate: 0.05, jitter: 0.5 },
    makeNode: (self, rng) => {
      const isRecorded = self.controlAddress === `host-${RECORDED_HOST}:1`;
      const header = { version: 1, kind: 'overlay-node', seed: RECORDED_SEED, config: { pastry: DEFAULT_PASTRY_CONFIG } as unknown as Json, self } as const;
      if (isRecorded) lines.push(recordingHeaderLine(header));
      return createOverlayNode({ self, rng: isRecorded ? seededRng(RECORDED_SEED) : rng, config: DEFAULT_PASTRY_CONFIG, applications: () => ({}) });
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
