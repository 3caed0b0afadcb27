// What can be known of the watchers' composition without a container engine: files that are mounted exist, services that are
// named are there, what Grafana's dashboards ask for is provisioned.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { workspaceRoot } from './workspace-root.ts';

interface Watcher {
  readonly image: string;
  readonly command?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly ports: readonly string[];
}

const read = (path: string): string => readFileSync(join(workspaceRoot, path), 'utf8');
const yaml = <Shape>(path: string): Shape => parse(read(path), { merge: true }) as Shape;
const { services, volumes } = yaml<{ readonly services: Readonly<Record<string, Watcher>>; readonly volumes: Readonly<Record<string, unknown>> }>('deploy/compose/observability.yml');
const overlay = yaml<{ readonly services: Readonly<Record<string, { readonly ports: readonly string[] }>> }>('deploy/compose/overlay.yml');
const watchers = Object.entries(services).map(([name, service]) => ({ name, ...service }));

describe('the composition of what watches', () => {
  it('has a collector, Tempo, Prometheus, Alertmanager and Grafana', () => {
    expect(Object.keys(services).sort()).toEqual(['alertmanager', 'grafana', 'otel-collector', 'prometheus', 'tempo']);
  });

  it.each(watchers)('mounts files of this repository, and volumes that are declared: $name', ({ volumes: mounted }) => {
    for (const [from = ''] of mounted.map((volume) => volume.split(':'))) {
      if (from.startsWith('.')) expect(existsSync(join(workspaceRoot, 'deploy/compose', from)), from).toBe(true);
      else expect(Object.keys(volumes)).toContain(from);
    }
  });

  it.each(watchers)('takes the image of $name as an argument with a fixed version', ({ image }) => {
    expect(image).toMatch(/^\$\{[A-Z_]+_IMAGE:-[\w./-]+:v?\d+\.\d+\.\d+\}$/);
  });

  it.each(watchers)('waits for what $name needs, and for its health', ({ depends_on: waits = {} }) => {
    for (const [other, { condition }] of Object.entries(waits)) {
      expect(condition).toBe('service_healthy');
      expect(services[other]?.healthcheck, other).toBeDefined();
    }
  });

  it('publishes to this host alone, and nothing that the overlay publishes', () => {
    const all = [...watchers, ...Object.values(overlay.services)].flatMap(({ ports }) => ports);
    for (const port of all) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    expect(new Set(all.map((port) => port.split(':')[1])).size).toBe(all.length);
  });

  it('speaks to services that are there, and keeps secrets out', () => {
    const texts = ['deploy/otel/collector.yml', 'deploy/tempo/tempo.yml', 'deploy/prometheus/prometheus.yml'].map(read);
    const hosts = texts.flatMap((text) => [...text.matchAll(/(?:https?:\/\/|'|endpoint: )([a-z][a-z-]+\d*(?:-\d)?):\d+/g)].map((match) => match[1]));
    for (const host of hosts) expect([...Object.keys(services), ...Object.keys(overlay.services)]).toContain(host);
    expect(services['grafana']?.environment?.['GF_SECURITY_ADMIN_PASSWORD']).toMatch(/^\$\{\w+:\?.*\}$/);
  });
});

describe('Grafana', () => {
  const provisioned = globSync('grafana/provisioning/datasources/*.y*ml', { cwd: workspaceRoot }).flatMap((path) => yaml<{ readonly datasources: readonly { readonly uid: string; readonly type: string; readonly url: string }[] }>(path).datasources);

  it('has a data source of every type that a dashboard asks for', () => {
    const asked = globSync('grafana/dashboards/*.json', { cwd: workspaceRoot }).flatMap((path) => [...read(path).matchAll(/"type": "(prometheus|tempo|loki)"/g)].map((match) => match[1]));
    expect(provisioned.map(({ type }) => type)).toEqual(expect.arrayContaining([...new Set(asked)]));
  });

  it('is told every address that its data sources read', () => {
    for (const { url } of provisioned) expect(services['grafana']?.environment).toHaveProperty(url.replace(/^\$\{|\}$/g, ''));
  });
});

describe('the smoke container', () => {
  const { services: smoke } = yaml<{ readonly services: Readonly<Record<string, { readonly environment: Readonly<Record<string, string>>; readonly depends_on: Readonly<Record<string, unknown>> }>> }>('deploy/compose/smoke.yml');

  it('waits for services of the overlay and is told all that it reads', () => {
    const { environment = {}, depends_on: waits = {} } = smoke['smoke'] ?? {};
    expect(Object.keys(overlay.services)).toEqual(expect.arrayContaining(Object.keys(waits)));
    const needed = [...read('deploy/compose/smoke.mjs').matchAll(/need\('(\w+)'\)/g)].map((match) => match[1]);
    expect(Object.keys(environment).sort()).toEqual([...new Set(needed)].sort());
  });
});
