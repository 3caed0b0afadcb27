// Every query of every dashboard, run against a real Prometheus that scrapes a live overlay at work: each returns data.
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { eventually } from './testing/eventually.ts';
import { hasPrometheus, Prometheus, PROMETHEUS_INSTALL, targetsOf, type Sample } from './testing/prometheus.ts';
import { startTestOverlay } from './testing/test-overlay.ts';
import { startTraffic } from './testing/traffic.ts';

const NODES = 4;
const SERVICES = 4;
const dashboardsDirectory = join(import.meta.dirname, '..', '..', '..', 'grafana', 'dashboards');
const rulesDirectory = join(import.meta.dirname, '..', '..', '..', 'deploy', 'prometheus', 'rules');
const dataDir = mkdtempSync(join(tmpdir(), 'banyan-dashboard-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr?: string }[];
}

interface Query {
  /** Which panel of which dashboard, for a message. */
  readonly place: string;
  readonly expr: string;
}

// Where `CI` is set, a check that was left out must not pass for one that was made.
it.skipIf(!hasPrometheus() && process.env['CI'] === undefined)(`every query of every dashboard returns data (${PROMETHEUS_INSTALL})`, async () => {
  if (!hasPrometheus()) throw new Error(`prometheus is not installed: ${PROMETHEUS_INSTALL}`);
  await using overlay = await startTestOverlay({ dataDir, nodes: NODES, console: true });
  await using prometheus = await Prometheus.start(targetsOf(overlay), [join(rulesDirectory, 'objectives.yml')]);
  await eventually('every process is scraped', async () => (await prometheus.query('sum(up)'))[0]?.value === NODES + SERVICES);
  // Only now: what was counted before the first scrape is no rate.
  await using traffic = await startTraffic(overlay);

  let silent = readQueries();
  expect(silent.length).toBeGreaterThan(50);
  const allReturnData = async (): Promise<boolean> => {
    traffic.check();
    silent = await withoutData(prometheus, silent);
    return silent.length === 0;
  };
  await eventually('all return data', allReturnData).catch((error: unknown) => {
    expect(silent).toEqual([]);
    throw error;
  });
});

function readQueries(): readonly Query[] {
  return globSync('*.json', { cwd: dashboardsDirectory }).flatMap((file) => {
    const { title, panels } = JSON.parse(readFileSync(join(dashboardsDirectory, file), 'utf8')) as { readonly title: string; readonly panels: readonly Panel[] };
    return panels.flatMap((panel) => (panel.targets ?? []).flatMap(({ expr }) => (expr === undefined ? [] : [{ place: `${title} / ${panel.title}`, expr }])));
  });
}

async function withoutData(prometheus: Prometheus, queries: readonly Query[]): Promise<readonly Query[]> {
  const silent: Query[] = [];
  for (const query of queries) if (!hasNumbers(await prometheus.query(substituted(query.expr)))) silent.push(query);
  return silent;
}

/** What Grafana would put in place of the variables when everything is selected. */
function substituted(expr: string): string {
  return expr.replaceAll('$__rate_interval', '2m').replaceAll('$job', '.+').replaceAll('$node', '.+');
}

// A quantile of nothing is NaN: a panel that only ever shows that is as good as empty.
function hasNumbers(samples: readonly Sample[]): boolean {
  return samples.some(({ value }) => Number.isFinite(value));
}
