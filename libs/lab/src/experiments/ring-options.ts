import type { DigitBits } from '@banyan/ids';
import { LabFault } from '../cli/fault.ts';
import type { Options, Values } from '../cli/options.ts';
import { TOPOLOGY_PLACEHOLDER } from '../topology-choice.ts';

/** What every experiment on a ring lets one choose. */
export const RING_OPTIONS = {
  topology: { kind: 'text', placeholder: TOPOLOGY_PLACEHOLDER, default: 'plane', describe: 'who is how far from whom' },
  'leaf-set': { kind: 'whole', min: 2, max: 128, default: 32, describe: 'leaves of a node, both sides together' },
  b: { kind: 'whole', min: 1, max: 4, default: 4, describe: 'bits of a digit' },
  seed: { kind: 'whole', min: 0, max: 4_294_967_295, default: 1, describe: 'same seed, same run' },
} as const satisfies Options;

/** The same as a ring takes it; an odd leaf set is a usage fault. */
export function ringOf(values: Pick<Values<typeof RING_OPTIONS>, 'leaf-set' | 'b' | 'seed'>): { readonly leafSet: number; readonly digitBits: DigitBits; readonly seed: number } {
  const leafSet = values['leaf-set'];
  if (leafSet % 2 !== 0) throw new LabFault(`--leaf-set: ${leafSet} is odd, both sides have equally many`, { usage: true });
  return { leafSet, digitBits: values.b as DigitBits, seed: values.seed };
}
