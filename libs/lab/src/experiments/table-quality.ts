import { LabFault } from '../cli/fault.ts';
import type { Options, Values } from '../cli/options.ts';
import type { Experiment, Outcome } from '../experiment.ts';
import type { Progress } from '../report/progress.ts';
import { measureTableQuality } from '../simulation/measure-table-quality.ts';
import { makeTopology, TOPOLOGY_PLACEHOLDER } from '../topology-choice.ts';

const OPTIONS = {
  nodes: { kind: 'whole', min: 2, max: 100_000, default: 5_000, describe: 'ring members' },
  topology: { kind: 'text', placeholder: TOPOLOGY_PLACEHOLDER, default: 'plane', describe: 'who is how far from whom' },
  'leaf-set': { kind: 'whole', min: 2, max: 128, default: 16, describe: 'leaves of a node, both sides together' },
  b: { kind: 'whole', min: 1, max: 4, default: 4, describe: 'bits of a digit' },
  seed: { kind: 'whole', min: 0, max: 4_294_967_295, default: 1, describe: 'same seed, same run' },
  together: { kind: 'switch', describe: 'nodes join while others do, not one after the other' },
} as const satisfies Options;

/** How many table entries are not the nearest possible. Source: Rowstron & Druschel 2001, §3.3 and Figure 7. */
export const tableQuality: Experiment<typeof OPTIONS> = {
  name: 'table-quality',
  summary: 'how many routing-table entries are not the nearest node that fits',
  options: OPTIONS,
  operands: [],
  run: runTableQuality,
};

function runTableQuality(values: Values<typeof OPTIONS>, _operands: readonly string[], progress: Progress): Outcome {
  const { nodes, seed, b, together } = values;
  const leafSet = values['leaf-set'];
  if (leafSet % 2 !== 0) throw new LabFault(`--leaf-set: ${leafSet} is odd, both sides have equally many`, { usage: true });
  const topology = makeTopology(values.topology, { hosts: nodes, seed });
  const results = measureTableQuality({ topology, seed, leafSet, digitBits: b as 1 | 2 | 3 | 4, together }, progress);
  return {
    parameters: { nodes, topology: values.topology, leafSet, b, seed, together },
    results: { ...results },
    tables: [
      {
        columns: ['row', 'slots a node', 'the nearest', 'not the nearest', 'missing', 'distance over the nearest'],
        rows: results.rows.map(({ slots, optimal, suboptimal, missing, stretch }, row) => [row, slots, optimal, suboptimal, missing, stretch]),
      },
    ],
    remarks: ['Rowstron & Druschel 2001, Fig. 7: fewer than 1 entry a row is not the nearest when newcomers compare with everyone they meet (WTF).'],
    failures: results.joined < nodes ? [`only ${results.joined} of ${nodes} nodes became ready`] : [],
  };
}
