import { readFileSync } from 'node:fs';
import { METRIC_TABLES } from '@banyan/telemetry';
import { describe, expect, it } from 'vitest';
import { generateDashboards } from './dashboards.ts';
import { overviewRows } from './overview.ts';
import { PROCESS_METRICS } from './process-metrics.ts';

const panels = overviewRows.flatMap((row) => [...(row.numbers ?? []), ...row.lines]);
const expressions = panels.flatMap((panel) => panel.queries.map(({ expr }) => expr));
const names = (table: (typeof METRIC_TABLES)[number]): readonly string[] => Object.values(table).map(({ name }) => name);
const drawn = new Set(expressions.flatMap((expr) => expr.match(/[a-z_][a-z0-9_]*(?=\{)/g) ?? []).map((name) => name.replace(/_(bucket|sum|count)$/, '')));

describe('the Overview', () => {
  it.each(METRIC_TABLES.flatMap(names))('draws %s', (name) => {
    expect(drawn).toContain(name);
  });

  it('draws no metric that nobody exports', () => {
    const known = [...METRIC_TABLES, PROCESS_METRICS].flatMap(names);
    expect([...drawn].filter((name) => !known.includes(name))).toEqual([]);
  });

  it('selects by the variables of the dashboard in every query', () => {
    for (const expr of expressions) for (const selector of expr.match(/\{[^}]*\}/g) ?? []) expect(selector, expr).toContain('job=~"$job", node=~"$node"');
  });

  it('says what every panel means and names every line', () => {
    for (const panel of panels) {
      expect(panel.meaning, panel.title).toMatch(/\.$/);
      expect(panel.queries.every(({ legend }) => legend.length > 0), panel.title).toBe(true);
    }
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  });

  it('names in a legend only labels its query groups by', () => {
    for (const { expr, legend } of panels.flatMap(({ queries }) => queries)) {
      const labels = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]);
      const grouped = /\bby \(/.test(expr);
      if (grouped) for (const label of labels) expect(expr, legend).toMatch(new RegExp(`by \\([^)]*\\b${label}\\b`));
      else expect(['node', undefined], `${legend} of ${expr}`).toContain(labels[0]);
    }
  });
});

interface Drawn {
  readonly id: number;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

describe('the generated file', () => {
  const files = generateDashboards();

  it.each(files)('$path is committed as its source makes it', ({ path, text }) => {
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it.each(files)('$path lays its panels side by side, each with an id of its own', ({ text }) => {
    const { panels: placed } = JSON.parse(text) as { readonly panels: readonly Drawn[] };
    expect(new Set(placed.map(({ id }) => id)).size).toBe(placed.length);
    const cells = placed.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`));
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...placed.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
  });
});
