import { readFileSync } from 'node:fs';
import { METRIC_TABLES } from '@banyan/telemetry';
import { describe, expect, it } from 'vitest';
import { generateDashboards, planned } from './dashboards.ts';
import { PROCESS_METRICS } from './process-metrics.ts';

const panelsOf = ({ rows }: (typeof planned)[number]) => rows.flatMap((row) => [...(row.numbers ?? []), ...row.lines]);
const panels = planned.flatMap(panelsOf);
const expressions = panels.flatMap((panel) => panel.queries.map(({ expr }) => expr));
const names = (table: (typeof METRIC_TABLES)[number]): readonly string[] => Object.values(table).map(({ name }) => name);
const drawn = new Set(expressions.flatMap((expr) => expr.match(/(?<![:a-z0-9_])[a-z_][a-z0-9_]*(?=\{)/g) ?? []).map((name) => name.replace(/_(bucket|sum|count)$/, '')));

// Made by Prometheus itself from the rules of libs/alerts: they are of the whole overlay.
const OF_RULES = /^(banyan:objective_errors:\w+|ALERTS)$/;

describe('the dashboards', () => {
  it.each(METRIC_TABLES.flatMap(names))('draws %s', (name) => {
    expect(drawn).toContain(name);
  });

  it('draws no metric that nobody exports', () => {
    const known = [...METRIC_TABLES, PROCESS_METRICS].flatMap(names);
    expect([...drawn].filter((name) => !known.includes(name))).toEqual([]);
  });

  it('selects by the variables of the dashboard in every query', () => {
    for (const expr of expressions) {
      for (const [, name, selector] of expr.matchAll(/([A-Za-z_:][\w:]*)(\{[^}]*\})/g)) if (!OF_RULES.test(name ?? '')) expect(selector, expr).toContain('job=~"$job", node=~"$node"');
    }
  });

  it('says what every panel means and names every line', () => {
    for (const panel of panels) {
      expect(panel.meaning, panel.title).toMatch(/\.$/);
      expect(panel.queries.every(({ legend }) => legend.length > 0), panel.title).toBe(true);
    }
    for (const dashboard of planned) {
      const titles = panelsOf(dashboard).map(({ title }) => title);
      expect(new Set(titles).size, dashboard.title).toBe(titles.length);
    }
  });

  it('lead to dashboards that there are', () => {
    const uids = planned.map(({ uid }) => uid);
    for (const { detail, title } of panels) if (detail !== undefined) expect(uids, title).toContain(detail);
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
