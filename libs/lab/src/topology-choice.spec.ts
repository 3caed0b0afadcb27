import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeTopology, parseGraph, parseMatrix } from './topology-choice.ts';

const directory = mkdtempSync(join(tmpdir(), 'banyan-lab-'));
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

describe('a choice of topology', () => {
  it('may be made up', () => {
    for (const choice of ['plane', 'sphere', 'transit-stub']) expect(makeTopology(choice, { hosts: 10, seed: 1 }).hosts).toBe(10);
  });

  it('may come from a file', () => {
    const matrixPath = file('m.txt', '# round trips\n0 40\n44, 0\n\n');
    expect(makeTopology(`matrix:${matrixPath}`, { hosts: 5, seed: 1 }).name).toBe('matrix of 2 sites');
    const graphPath = file('g.json', JSON.stringify({ nodes: [{ id: 'a' }, { id: 'b' }], links: [{ source: 'a', target: 'b', dist: 400 }] }));
    expect(makeTopology(`graph:${graphPath}`, { hosts: 2, seed: 1 }).latencyMs(0, 1)).toBe(2);
  });

  it.each(['', 'torus', 'plane:x', 'matrix', 'matrix:', 'graph:'])('is refused when it is %j', (choice) => {
    expect(() => makeTopology(choice, { hosts: 10, seed: 1 })).toThrow('is none of plane|sphere|');
  });

  it('names a file that cannot be read, in one sentence', () => {
    expect(() => makeTopology('matrix:/nowhere/m.txt', { hosts: 2, seed: 1 })).toThrow('cannot read /nowhere/m.txt: no such file or directory');
  });
});

describe('a latency matrix', () => {
  it.each([
    ['0 1\n', 'it has 1 rows'],
    ['0 1\n2\n', 'row 2 has 1 numbers, not 2'],
    ['0 1\n2 x\n', 'row 2, column 2 is no delay in ms'],
    ['0 1\n-2 0\n', 'row 2, column 1 is no delay in ms'],
  ])('is refused when it is %j', (text, reason) => {
    expect(() => parseMatrix(text, 'm.txt')).toThrow(`m.txt is no latency matrix: ${reason}`);
  });
});

describe('a router graph', () => {
  it.each([
    ['{', /^g.json is no JSON: /],
    ['{"nodes":[]}', /lacks nodes or links/],
    ['{"nodes":[{}],"links":[]}', /it has 1 nodes/],
    ['{"nodes":[{},{}],"links":[{"source":0,"target":2,"dist":1}]}', /link 0 joins nodes that do not exist/],
    ['{"nodes":[{},{}],"links":[{"source":0,"target":1}]}', /link 0 has neither dist nor latencyMs/],
    ['{"nodes":[{},{},{}],"links":[{"source":0,"target":1,"dist":1}]}', /falls into 2 parts/],
  ])('is refused when it is %j', (text, reason) => {
    expect(() => parseGraph(text, 'g.json')).toThrow(reason);
  });
});
