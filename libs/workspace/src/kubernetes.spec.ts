// What can be known of the chart and its manifests without a cluster: they are well formed, each object fits the schema of
// its kind, services are told what they know and all they need, and one calls another where it listens.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { workspaceRoot } from './workspace-root.ts';

interface Container {
  readonly name: string;
  readonly image: string;
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly securityContext: object;
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
}
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}
interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly [Container]; readonly terminationGracePeriodSeconds: number } }; readonly ports: readonly { readonly port: number; readonly targetPort: string }[]; readonly selector: Readonly<Record<string, string>> };
}

const hasKubectl = spawnSync('kubectl', ['version', '--client'], { stdio: 'ignore' }).status === 0;
const read = (path: string): string => readFileSync(join(workspaceRoot, path), 'utf8');
const objects = parseAllDocuments(read('deploy/kubernetes/banyan.yaml')).map((document) => document.toJS() as KubernetesObject | null).filter((object) => object !== null);
const workloads = objects.filter(({ kind }) => kind === 'StatefulSet').map((set) => ({ name: set.metadata.name, set, container: set.spec.template.spec.containers[0] }));
const services = objects.filter(({ kind }) => kind === 'Service');
const baked = [...read('deploy/docker/Dockerfile').matchAll(/\b(BANYAN_\w+)=/g)].map((match) => match[1] ?? '');
const { settingsOf } = (await import(join(workspaceRoot, 'libs/config/src/index.ts'))) as { readonly settingsOf: (schema: unknown) => readonly { readonly variable: string; readonly isRequired: boolean }[] };

async function settingsOfService(service: string) {
  const [file] = globSync(`services/${service}/src/*.config.ts`, { cwd: workspaceRoot });
  const exported = (await import(join(workspaceRoot, file ?? ''))) as Readonly<Record<string, unknown>>;
  return settingsOf(Object.entries(exported).find(([name]) => name.endsWith('Schema'))?.[1]);
}

describe('the manifests', () => {
  it.each(objects.map((object) => ({ name: `${object.kind} ${object.metadata.name}`, object })))('$name fits the schema of its kind', async ({ object }) => {
    const path = object.apiVersion === 'v1' ? 'kubernetes-models/v1' : `kubernetes-models/${object.apiVersion}`;
    const models = (await import(path)) as Readonly<Record<string, new (data: unknown) => { validate(): void }>>;
    const model = models[object.kind];
    expect(model, `${object.apiVersion} ${object.kind}`).toBeDefined();
    if (model !== undefined) expect(() => new model(object).validate()).not.toThrow();
  });

  it.skipIf(!hasKubectl && process.env['CI'] === undefined)('are taken by kustomize (apt-get install kubernetes-client)', () => {
    const { stdout, stderr } = spawnSync('kubectl', ['kustomize', join(workspaceRoot, 'deploy/kubernetes')], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout.match(/^kind:/gm)).toHaveLength(objects.length + 1);
  });

  it('make the four services of the control plane and the console, and nodes', () => {
    expect(workloads.map(({ name }) => name).sort()).toEqual(['banyan-auth', 'banyan-bootstrap', 'banyan-console', 'banyan-node', 'banyan-tree-builder']);
  });

  it.each(workloads)('tell $name only what it knows, and all it needs', async ({ container }) => {
    const settings = await settingsOfService(container.name);
    const told = [...baked, ...container.env.map(({ name }) => name), ...(container.name === 'pastry-node' ? ['BANYAN_FIRST'] : [])].filter((name) => name.startsWith('BANYAN_'));
    expect(settings.map(({ variable }) => variable)).toEqual(expect.arrayContaining(told));
    expect(told).toEqual(expect.arrayContaining(settings.filter(({ isRequired }) => isRequired).map(({ variable }) => variable)));
    expect(existsSync(join(workspaceRoot, 'services', container.name, 'package.json'))).toBe(true);
  });

  it.each(workloads)('ask $name three questions, and let it do nothing it need not', ({ container }) => {
    expect([container.startupProbe, container.readinessProbe, container.livenessProbe].map(({ httpGet: { path, port } }) => `${port}${path}`)).toEqual(['admin/startupz', 'admin/readyz', 'admin/livez']);
    expect(container.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
  });

  it.each(workloads)('listen where ports of $name are named', ({ container }) => {
    const listened = container.env.filter(({ name }) => name.endsWith('_LISTEN')).map(({ value }) => Number(value?.split(':')[1]));
    const named = container.ports.filter(({ name }) => name !== 'admin').map(({ containerPort }) => containerPort);
    expect(named.sort()).toEqual(listened.sort());
  });

  it.each(workloads)('let $name call others where they listen', ({ container }) => {
    for (const { name, value = '' } of container.env) {
      const [, host, port] = /^(?:http:\/\/)?([a-z-]+)\.banyan\.svc\.cluster\.local:(\d+)/.exec(value) ?? [];
      if (host === undefined) continue;
      const service = services.find(({ metadata }) => metadata.name === host);
      expect(service?.spec.ports.map((each) => String(each.port)), `${name}=${value}`).toContain(port);
    }
  });

  it('give every service a port that its pods have', () => {
    for (const { metadata, spec } of services) {
      const pods = workloads.filter(({ set }) => Object.entries(spec.selector).every(([key, value]) => set.metadata.labels[key] === value));
      expect(pods, metadata.name).toHaveLength(1);
      const names = pods[0]?.container.ports.map(({ name }) => name);
      for (const { targetPort } of spec.ports) expect(names, metadata.name).toContain(targetPort);
    }
  });

  it('give a node longer to stop than it takes to drain', () => {
    const node = workloads.find(({ name }) => name === 'banyan-node');
    const graceMs = Number(node?.container.env.find(({ name }) => name === 'BANYAN_STOP_GRACE_MS')?.value);
    expect((node?.set.spec.template.spec.terminationGracePeriodSeconds ?? 0) * 1_000).toBeGreaterThanOrEqual(graceMs + 5_000);
  });
});

describe('the chart', () => {
  it('has the alert rules and the smoke program as they are elsewhere', () => {
    for (const file of globSync('deploy/prometheus/rules/*.yml', { cwd: workspaceRoot })) expect(read(file.replace('deploy/prometheus', 'deploy/helm/banyan/files'))).toBe(read(file));
    expect(read('deploy/helm/banyan/files/smoke.mjs')).toBe(read('deploy/compose/smoke.mjs'));
  });

  it('says of every value what it is, and refuses others', () => {
    const values = parse(read('deploy/helm/banyan/values.yaml')) as object;
    const schema = JSON.parse(read('deploy/helm/banyan/values.schema.json')) as Schema;
    for (const path of leavesOf(values)) expect(inSchema(schema, schema, path), path.join('.')).toBe(true);
    expect(schema.additionalProperties).toBe(false);
  });
});

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

function leavesOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
}

function inSchema(root: Schema, schema: Schema, [key, ...rest]: readonly string[]): boolean {
  const here = schema.$ref === undefined ? schema : root.definitions?.[schema.$ref.split('/').at(-1) ?? ''];
  if (key === undefined || here === undefined) return here !== undefined;
  const inner = here.properties?.[key];
  if (inner !== undefined) return inSchema(root, inner, rest);
  return here.properties === undefined && here.type === 'object';
}
