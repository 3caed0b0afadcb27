// What can be known of images and composition without a container engine: that they agree with each other and with the
// services they start.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { workspaceRoot } from './workspace-root.ts';

interface ComposedService {
  readonly image: string;
  readonly build: { readonly context: string; readonly dockerfile: string; readonly args: { readonly SERVICE: string } };
  readonly environment: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck: { readonly test: readonly string[] };
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
}

interface Composition {
  readonly name?: string;
  readonly services: Readonly<Record<string, ComposedService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

interface ScrapeJob {
  readonly job_name: string;
  readonly static_configs: readonly { readonly targets: readonly string[] }[];
}

const read = (path: string): string => readFileSync(join(workspaceRoot, path), 'utf8');
const dockerfile = read('deploy/docker/Dockerfile');
const composition = parse(read('deploy/compose/overlay.yml'), { merge: true }) as Composition;
const composed = Object.entries(composition.services).map(([name, service]) => ({ name, ...service }));
const baked = Object.fromEntries([...dockerfile.matchAll(/\b(BANYAN_\w+)=(\S+)/g)].map((match) => [match[1], match[2]]));
const portOf = (address: string): string => address.slice(address.lastIndexOf(':') + 1);

// The schemas are read as files, like the composition: this room imports no other.
const { settingsOf } = (await import(join(workspaceRoot, 'libs/config/src/index.ts'))) as { readonly settingsOf: (schema: unknown) => readonly { readonly variable: string; readonly isRequired: boolean }[] };

async function settingsOfService(service: string) {
  const [file] = globSync(`services/${service}/src/*.config.ts`, { cwd: workspaceRoot });
  if (file === undefined) throw new Error(`${service} has no schema of its settings`);
  const exported = (await import(join(workspaceRoot, file))) as Readonly<Record<string, unknown>>;
  const schema = Object.entries(exported).find(([name]) => name.endsWith('Schema'))?.[1];
  return settingsOf(schema);
}

describe('the Dockerfile', () => {
  const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\S+)$/gm)].map((match) => match[1]);

  it('names its stages and copies only from those before', () => {
    expect(stages).toEqual(['manifests', 'build', 'production', 'service']);
    for (const [, stage] of dockerfile.matchAll(/(?:--from=|from=)([\w-]+)/g)) expect(stages).toContain(stage);
    expect(dockerfile.match(/^FROM /gm)).toHaveLength(stages.length);
  });

  it('takes its base and its service as arguments and does not run as root', () => {
    expect(dockerfile).toMatch(/^ARG BASE_IMAGE=node:24/m);
    expect(dockerfile).toMatch(/^ARG SERVICE$/m);
    expect(dockerfile).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
  });

  it('asks no registry for anything but its base', () => {
    expect(dockerfile).not.toMatch(/^#\s*syntax=/m);
    expect(dockerfile).not.toMatch(/(?:--from=|from=)[^\s,]*[/:.]/);
  });

  it('runs only programs that exist, without a shell', () => {
    for (const [, script] of dockerfile.matchAll(/deploy\/docker\/([\w-]+\.mjs)/g)) expect(existsSync(join(workspaceRoot, 'deploy/docker', script!)), script).toBe(true);
    for (const [line] of dockerfile.matchAll(/^(ENTRYPOINT|HEALTHCHECK).*$/gm)) expect(line).toMatch(/\["node", .*\]$/);
  });
});

describe('the composition', () => {
  it('is understood by the older docker-compose, too', () => {
    expect(composition.name).toBeUndefined();
  });

  it('starts the control plane, the console and six nodes', () => {
    expect(composed.map(({ name }) => name).sort()).toEqual(['auth', 'bootstrap', 'console', ...[1, 2, 3, 4, 5, 6].map((number) => `node-${number}`), 'tree-builder']);
  });

  it.each(composed)('builds $name from a service of this repository', ({ build, image }) => {
    expect(existsSync(join(workspaceRoot, 'services', build.args.SERVICE, 'package.json'))).toBe(true);
    expect(existsSync(join(workspaceRoot, 'deploy/compose', build.context, build.dockerfile))).toBe(true);
    expect(image).toBe(`banyan/${build.args.SERVICE}`);
  });

  it.each(composed)('tells $name only what it knows, and all it needs', async ({ build, environment }) => {
    const settings = await settingsOfService(build.args.SERVICE);
    const told = Object.keys({ ...baked, ...environment }).filter((name) => name.startsWith('BANYAN_'));
    expect(settings.map(({ variable }) => variable)).toEqual(expect.arrayContaining(told));
    const required = settings.filter(({ isRequired }) => isRequired).map(({ variable }) => variable);
    expect(told).toEqual(expect.arrayContaining(required));
  });

  it.each(composed)('knows when $name is healthy, and lets it wait for what is', ({ healthcheck, depends_on: waits = {}, name }) => {
    expect(healthcheck.test).toEqual(['CMD', 'node', '/app/healthcheck.mjs']);
    for (const [other, { condition }] of Object.entries(waits)) {
      expect(composition.services).toHaveProperty(other);
      expect(condition).toBe('service_healthy');
    }
    if (name !== 'auth') expect(Object.keys(waits).length).toBeGreaterThan(0);
  });

  it.each(composed)('publishes ports on which $name listens, to this host alone', ({ environment, ports }) => {
    const listened = Object.entries({ ...baked, ...environment }).filter(([variable]) => variable.endsWith('_LISTEN')).map(([, address]) => portOf(String(address ?? '')));
    for (const port of ports) {
      expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
      expect(listened).toContain(portOf(port));
    }
  });

  it('publishes no port twice', () => {
    const published = composed.flatMap(({ ports }) => ports.map((port) => port.split(':')[1]));
    expect(new Set(published).size).toBe(published.length);
  });

  it.each(composed)('calls others by addresses at which they listen: $name', ({ environment }) => {
    for (const [variable, value] of Object.entries(environment)) {
      const [, host, port] = /^(?:http:\/\/)?([a-z][\w-]*):(\d+)(?:\/.*)?$/.exec(value) ?? [];
      if (host === undefined || port === undefined) continue;
      const other = composition.services[host];
      expect(other, variable).toBeDefined();
      const listened = Object.entries({ ...baked, ...other?.environment }).filter(([name]) => name.endsWith('_LISTEN')).map(([, address]) => portOf(String(address ?? '')));
      expect(listened, variable).toContain(port);
    }
  });

  it('keeps every secret out of the repository', () => {
    const secret = /TOKEN|SECRET/;
    for (const { environment } of composed) for (const [name, value] of Object.entries(environment)) if (secret.test(name)) expect(value, name).toMatch(/^\$\{\w+:\?.*\}$/);
    for (const line of read('deploy/compose/overlay.env.example').split('\n')) if (secret.test(line) && !line.startsWith('#')) expect(line).toMatch(/=$/);
    expect(read('deploy/compose/.gitignore')).toContain('.env');
  });

  it('declares the volumes it mounts, one for the state of each service', () => {
    const mounted = composed.flatMap(({ volumes }) => volumes.map((volume) => volume.split(':')[0]));
    expect([...new Set(mounted)].sort()).toEqual(Object.keys(composition.volumes).sort());
    for (const { name, volumes } of composed) expect(volumes).toContain(`${name}:/data`);
  });
});

describe('the scrape configuration', () => {
  const { scrape_configs: jobs } = parse(read('deploy/prometheus/prometheus.yml')) as { readonly scrape_configs: readonly ScrapeJob[] };
  const targets = jobs.flatMap(({ job_name: job, static_configs: groups }) => groups.flatMap((group) => group.targets.map((target) => ({ job, target }))));

  it('scrapes every service of the composition, each by the name of its kind', () => {
    const wanted = composed.map(({ name, build }) => ({ job: build.args.SERVICE, target: `${name}:${portOf(baked['BANYAN_ADMIN_LISTEN'] ?? '')}` }));
    expect([...targets].sort((a, b) => a.target.localeCompare(b.target))).toEqual(wanted.sort((a, b) => a.target.localeCompare(b.target)));
  });
});
