import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Look } from './look.ts';
import { ratePerS, readSamples } from './metrics-text.ts';
import { screenText } from './screen.ts';

describe('top', () => {
  it('sums samples over their labels, and knows a counter that began anew', () => {
    const before = readSamples('# HELP a b\na{x="1"} 2\na{x="2"} 3\nb 7 1700000000\n');
    expect([...before]).toEqual([['a', 5], ['b', 7]]);
    expect(ratePerS('a', before, readSamples('a 15'), 2_000)).toBe(5);
    expect(ratePerS('a', before, readSamples('a 1'), 2_000)).toBeUndefined();
  });

  it('shows nodes and groups, and what is not known as a hyphen', () => {
    const look = (atMs: number, cpu: number, committed: bigint): Look => ({
      atMs,
      nodes: [{ name: 'node-1', state: 'ready', leaves: 2, samples: new Map([['process_cpu_seconds_total', cpu], ['process_resident_memory_bytes', 2 ** 27]]) }, { name: 'node-2', state: 'UNREACHABLE', leaves: undefined, samples: undefined }],
      groups: [{ name: 'a/b', delivery: 'reliable', nodes: 3, subscriptions: 2, committed, behind: 4n, missing: 0 }],
      moreGroups: false,
      groupsFault: undefined,
    });
    const lines = screenText({ stdout: new PassThrough(), env: {} }, look(0, 1, 100n), look(2_000, 1.5, 500n)).split('\n');
    expect(lines[0]).toBe('1 of 2 nodes ready, 1 group');
    expect(lines[3]).toMatch(/^node-1 +ready +2 +25% +128 MiB/);
    expect(lines[4]).toMatch(/^node-2 +UNREACHABLE +- +- +-/);
    expect(lines.at(-1)).toMatch(/^a\/b +reliable +3 +2 +500 +200 +4 +0$/);
  });
});
