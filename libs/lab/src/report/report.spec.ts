import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LabFault } from '../cli/fault.ts';
import { curveChart, histogramChart, renderSvg } from './plot.ts';
import { claimFile, writeText } from './result-file.ts';
import { formatTable } from './table.ts';

const directory = mkdtempSync(join(tmpdir(), 'banyan-lab-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('a table', () => {
  it('sets numbers right and text left', () => {
    const text = formatTable({ columns: ['who', 'hops', 'RDP'], rows: [['here', 2.7312, 12345], ['FreePastry', 13.5, '-']] });
    expect(text.split('\n')).toEqual([
      'who          hops     RDP',
      '----------  -----  ------',
      'here        2.731  12,345',
      'FreePastry   13.5       -',
    ]);
  });
});

describe('a plot', () => {
  it('is a still SVG that names its series', () => {
    const svg = renderSvg(histogramChart({ title: 'Hops', axis: 'hops', series: [{ name: 'here', shares: [0, 0.5, 0.5] }, { name: 'Figure 5', shares: [0, 1] }] }));
    expect(svg).toMatch(/^<svg /);
    expect(svg).toContain('Figure 5');
    expect(svg).not.toContain('animation');
  });
});

describe('curves', () => {
  it('name their marks and their axis', () => {
    const svg = renderSvg(curveChart({ title: 'Delay', axis: 'ms', log: true, marks: [{ name: 'late', at: 3_000 }], series: [{ name: 'arrived within', points: [[10, 0.1], [5_000, 1]] }] }));
    for (const word of ['Delay', 'ms', 'late', 'arrived within', '1,000']) expect(svg).toContain(word);
  });
});

describe('a result file', () => {
  it('is written where there is a place for it', () => {
    const path = join(directory, 'result.json');
    claimFile(path);
    expect(readFileSync(path, 'utf8')).toBe('');
    writeText(path, '{}\n');
    claimFile(path);
    expect(readFileSync(path, 'utf8')).toBe('{}\n');
  });

  it('is refused before the run where there is none', () => {
    const path = join(directory, 'missing', 'result.json');
    expect(() => claimFile(path)).toThrow(new LabFault(`cannot write ${path}: no such file or directory`));
    expect(() => claimFile(directory)).toThrow(new LabFault(`cannot write ${directory}: it is a directory`));
  });
});
