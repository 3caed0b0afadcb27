import { LabFault } from '../cli/fault.ts';
import type { Options, Values } from '../cli/options.ts';
import type { Experiment, Outcome } from '../experiment.ts';
import { Explorer } from '../explore/explorer.ts';
import type { Progress } from '../report/progress.ts';

const OPTIONS = {
  nodes: { kind: 'whole', min: 2, max: 4, default: 3, describe: 'one begins the ring, the others join it, all at any time' },
  places: { kind: 'text', placeholder: 'DIGITS', default: '', describe: 'their ids on the ring of 16, a hexadecimal digit each, the first one first; spread when left out' },
  alarms: { kind: 'whole', min: 0, max: 3, default: 2, describe: 'alarms of each node, fired at any point' },
  'states-max': { kind: 'whole', min: 1, max: 200_000_000, default: 2_000_000, describe: 'states after which the search ends, not exhaustive' },
  walks: { kind: 'whole', min: 0, max: 10_000_000, default: 10_000, describe: 'random ways to rest that are tried when it was not' },
  seed: { kind: 'whole', min: 0, max: 4_294_967_295, default: 1, describe: 'same seed, same walks; the search itself has no chance in it' },
} as const satisfies Options;

/** Places where all others come between the same two neighbors, for each number of nodes. */
const PLACES: Readonly<Record<number, string>> = { 2: '08', 3: '08c', 4: '048c' };

/** Every interleaving of concurrent joins on a ring of 16 ids. Source: Lu 2013. */
export const explore: Experiment<typeof OPTIONS> = {
  name: 'explore',
  summary: 'every interleaving of joins of up to 4 nodes: does more than one ever cover a key',
  options: OPTIONS,
  operands: [],
  run: runExplore,
};

function runExplore(values: Values<typeof OPTIONS>, _operands: readonly string[], progress: Progress): Outcome {
  const { alarms, walks, seed } = values;
  const places = values.places === '' ? (PLACES[values.nodes] ?? '') : values.places;
  if (!/^[0-9a-f]{2,4}$/.test(places) || new Set(places).size !== places.length) throw new LabFault(`--places: ${places} is not two to four different hexadecimal digits`, { usage: true });
  const digits = [...places].map((digit) => parseInt(digit, 16));
  const { counterexample, flaws, ...results } = new Explorer({ digits, alarmsMax: alarms, statesMax: values['states-max'], walks, seed }).run(progress);
  return {
    parameters: { nodes: digits.length, places, alarms, statesMax: values['states-max'], walks, seed },
    results: { ...results, counterexample },
    tables: [
      {
        columns: ['nodes', 'alarms', 'states', 'transitions', 'exhaustive', 'violations', 'depth', 'at rest', 'all active', 'walks'],
        rows: [
          [digits.length, alarms, results.states, results.transitions, results.exhaustive ? 'yes' : 'no', results.violations, results.depth, results.atRest, results.atRestAllActive, results.walks],
        ],
      },
    ],
    remarks: [
      `Nodes at ${[...places].join(', ')}; ${results.nodeStates} states of single nodes, ${results.messages} different messages.`,
      'At rest: nothing can happen any more within the alarms given. Nodes that are not active then wait for another alarm.',
      ...(counterexample.length === 0 ? [] : ['The way to a violation:', ...counterexample.map((step) => `  ${step}`)]),
    ],
    failures: [
      ...(results.violations > 0 ? [`${results.violations} states in which a truth does not hold`] : []),
      ...flaws,
    ],
  };
}
