import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EXPERIMENTS } from '../experiments/index.ts';
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

  it('lives through a trace', async () => {
    const trace = join(directory, 'few.avt');
    const json = join(directory, 'churn.json');
    const lines = Array.from({ length: 12 }, (_, i) => (i % 4 === 0 ? `node-${i}\t2\t0 ${600 + 100 * i} 1800 3600` : `node-${i}\t1\t0 3600`));
    writeFileSync(trace, `${lines.join('\n')}\n`);
    const code = await runCommandLine(['churn', '--trace', trace, '--time-scale', '0.1', '--hours', '0.08', '--warm-up', '0', '--lookups-per-second-per-node', '0.1', '--json', json]);
    expect({ code, complained }).toEqual({ code: 0, complained: [] });
    const { parameters, results } = JSON.parse(readFileSync(json, 'utf8')) as ResultFile;
    expect(parameters).toMatchObject({ trace, timeScale: 0.1, hours: 0.08, warmUpMinutes: 0, loss: 0, topology: 'transit-stub' });
    expect(results).toMatchObject({ crashes: 3, joins: 3, arrivals: 3, activeNodes: { max: 12 }, lost: 0, incorrect: 0 });
  });

  it('explains itself, and names every experiment', async () => {
    expect(await runCommandLine(['--help'])).toBe(0);
    for (const { name } of EXPERIMENTS) expect(printed.join('\n')).toMatch(new RegExp(`^  ${name} `, 'm'));
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
    [['churn', '--churn', 'poisson:0'], "lab: --churn: 'poisson:0' is none of gnutella|kad|poisson:MINUTES"],
    [['churn', '--churn', 'kad', '--trace', 'x'], 'lab: --trace and --churn: both say who is there when'],
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
