import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ResultFile } from '../report/result-file.ts';
import { runCommandLine } from './command-line.ts';

const directory = mkdtempSync(join(tmpdir(), 'banyan-lab-'));
const printed: string[] = [];
const complained: string[] = [];

beforeEach(() => {
  printed.length = 0;
  complained.length = 0;
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
  vi.spyOn(console, 'error').mockImplementation((line: string) => void complained.push(line));
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(directory, { recursive: true }));

describe('the command line', () => {
  it('runs an experiment, prints its table and writes its files', async () => {
    const json = join(directory, 'routing.json');
    const svg = join(directory, 'routing.svg');
    const code = await runCommandLine(['routing', '--nodes', '30', '--lookups', '100', '--seed', '3', '--json', json, '--plot', svg]);
    expect({ code, complained }).toEqual({ code: 0, complained: [] });
    expect(printed.join('\n')).toContain('hops mean');
    const file = JSON.parse(readFileSync(json, 'utf8')) as ResultFile;
    expect(Object.keys(file)).toEqual(['experiment', 'parameters', 'results', 'seconds', 'cpuSeconds', 'peakRssBytes']);
    expect(file.parameters).toEqual({ nodes: 30, lookups: 100, topology: 'plane', leafSet: 32, b: 4, seed: 3, direct: false });
    expect(file.results).toMatchObject({ lookups: 100, lost: 0, incorrect: 0 });
    expect(file.peakRssBytes).toBeGreaterThan(1_000_000);
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg /);
  });

  it('explains itself', async () => {
    expect(await runCommandLine(['--help'])).toBe(0);
    expect(printed.join('\n')).toContain('routing');
    expect(await runCommandLine(['routing', '--help'])).toBe(0);
    expect(printed.join('\n')).toContain('--leaf-set N');
  });

  it.each([
    [[], undefined],
    [['juggling'], "lab: there is no experiment 'juggling'"],
    [['routing', '--nodez', '5'], "lab: Unknown option '--nodez'"],
    [['routing', '--nodes', 'five'], "lab: --nodes: 'five' is not a whole number from 2 to 1000000"],
    [['routing', '--leaf-set', '7'], 'lab: --leaf-set: 7 is odd, both sides have equally many'],
    [['routing', '--topology', 'torus'], "lab: --topology: 'torus' is none of plane|sphere|transit-stub|matrix:FILE|graph:FILE"],
    [['routing', 'twice'], "lab: routing: 'twice' is one word too many"],
    [['replay'], 'lab: replay: FILE missing'],
  ])('refuses %j with exit code 2', async (args, sentence) => {
    expect(await runCommandLine(args)).toBe(2);
    expect(complained[0]).toBe(sentence);
  });

  it('fails with exit code 1 on files it cannot read or write', async () => {
    expect(await runCommandLine(['routing', '--json', '/nowhere/x.json'])).toBe(1);
    expect(await runCommandLine(['routing', '--topology', 'matrix:/nowhere/m.txt'])).toBe(1);
    const rubbish = join(directory, 'rubbish.jsonl');
    writeFileSync(rubbish, 'rubbish\n');
    expect(await runCommandLine(['replay', rubbish])).toBe(1);
    expect(complained).toEqual([
      'lab: cannot write /nowhere/x.json: no such file or directory',
      'lab: cannot read /nowhere/m.txt: no such file or directory',
      `lab: ${rubbish} is no recording: line 1 is no header of a recording of version 1`,
    ]);
  });
});
