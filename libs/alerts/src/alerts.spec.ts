import { METRIC_TABLES } from '@banyan/telemetry';
import { describe, expect, it } from 'vitest';
import { scaled } from './alert.ts';
import { faults } from './files.ts';
import { alertGroups, allAlerts, prometheusRules } from './rules.ts';

const known = new Set(METRIC_TABLES.flatMap((table) => Object.values(table).map(({ name }) => name)));

describe('the rules', () => {
  it('are committed as their source makes them, and every alert has its runbook', () => {
    expect(faults()).toEqual([]);
  });

  it('name every alert once', () => {
    expect(new Set(allAlerts.map(({ name }) => name)).size).toBe(allAlerts.length);
  });

  it.each(allAlerts)('$name looks at metrics that are exported, and speaks in sentences', ({ expr, summary, description, fires }) => {
    const names = expr(scaled(1)).match(/banyan_[a-z_]+/g) ?? [];
    for (const name of names) expect(known, name).toContain(name.replace(/_(bucket|sum|count)$/, ''));
    expect([summary, description].every((text) => text.endsWith('.'))).toBe(true);
    for (const [, label] of summary.matchAll(/\$labels\.(\w+)/g)) expect(Object.keys(fires.labels)).toContain(label);
  });

  it('have shorter windows and waits by a factor', () => {
    expect([1, 20, 60].map((factor) => scaled(factor)(3_600))).toEqual(['1h', '3m', '1m']);
    expect(scaled(20)(30)).toBe('1500ms');
    expect(prometheusRules(alertGroups, { factor: 20 })).toContain('[15s]');
    expect(prometheusRules(alertGroups, { runbooks: 'https://books.example' })).toContain('runbook_url: https://books.example/BanyanNodeDown.md');
  });
});
