import { readFileSync } from 'node:fs';
import { parseRecording } from '@banyan/overlay';
import { LabFault } from '../cli/fault.ts';
import type { Options } from '../cli/options.ts';
import type { Experiment, Outcome } from '../experiment.ts';
import { machineOf } from '../replay/machines.ts';
import { replay } from '../replay/replay.ts';
import { reasonOf } from '../report/result-file.ts';

const OPTIONS = {} as const satisfies Options;

/** Feeds a recording of a real node (`BANYAN_RECORD=FILE`) to the same machine again. */
export const replayRecording: Experiment<typeof OPTIONS> = {
  name: 'replay',
  summary: 'feeds a recording of a real node to the same machine again and compares what comes out',
  options: OPTIONS,
  operands: ['FILE'],
  run: (_values, [path = '']) => replayFile(path),
};

function replayFile(path: string): Outcome {
  const recording = parseRecording(readText(path));
  if ('fault' in recording) throw new LabFault(`${path} is no recording: ${recording.fault}`);
  const { kind, self } = recording.header;
  const machine = machineOf(recording.header);
  if (machine === undefined) throw new LabFault(`${path} was made of a '${kind}', which the lab cannot build`);
  const { steps, differsAt, effects } = replay(recording, machine);
  return {
    parameters: { file: path },
    results: { kind, node: self.id, steps, differsAt: differsAt ?? null },
    tables: [{ columns: ['machine', 'node', 'steps', 'differs at'], rows: [[kind, self.id, steps, differsAt ?? '-']] }],
    remarks: [],
    failures: differsAt === undefined ? [] : [`step ${differsAt} of ${recording.steps.length} gave other effects than recorded; now it gives:`, ...effects.map((effect) => `  ${effect}`)],
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new LabFault(`cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
}
