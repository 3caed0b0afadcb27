// Every alert fires for a real cause, in one live overlay under a real Prometheus, with durations divided by twenty; and with the
// rules as they are, a killed node is told within a minute.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { AlertScene, shortenedRules } from './testing/alert-scene.ts';
import { causes, lastingCause, type AlertCause } from './testing/alert-causes.ts';
import { eventually } from './testing/eventually.ts';
import { hasPrometheus, PROMETHEUS_INSTALL } from './testing/prometheus.ts';

const NODES = 9;
const FACTOR = 20;
const FIRES_MS = 240_000;
/** 9 minutes of `for`, and what fills its window. */
const LASTING_MS = 900_000;
const TOLD_WITHIN_S = 60;
const deploy = join(import.meta.dirname, '..', '..', '..', 'deploy', 'prometheus');
const folder = mkdtempSync(join(tmpdir(), 'banyan-alerts-'));
let scene: AlertScene | undefined;

afterEach(async () => {
  await scene?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

it(`every alert fires for a real cause (${PROMETHEUS_INSTALL})`, async () => {
  if (!hasPrometheus()) throw new Error(`prometheus is not installed: ${PROMETHEUS_INSTALL}`);
  const { file, names } = shortenedRules(folder, FACTOR);
  expect([lastingCause, ...causes].flatMap(({ alerts }) => alerts).sort()).toEqual([...names].sort());
  scene = await AlertScene.start(join(folder, 'every'), { nodes: NODES, rules: [file], pace: { scrapeS: 2, evaluateS: 1 } });
  const startedAt = performance.now();
  const endLasting = await lastingCause.begin(scene);
  const silent: string[] = [];
  for (const cause of only(causes)) silent.push(...(await fired(scene, cause)));
  const left = await missing(scene, lastingCause.alerts, Math.max(LASTING_MS - (performance.now() - startedAt), 0));
  console.log(`${lastingCause.what}: ${lastingCause.alerts.length - left.length} of ${lastingCause.alerts.length} alerts within ${seconds(startedAt)} s`);
  await endLasting();
  expect([...silent, ...left]).toEqual([]);
});

it(`a killed node is told within ${TOLD_WITHIN_S} s by the rules as they are`, async () => {
  if (!hasPrometheus()) throw new Error(`prometheus is not installed: ${PROMETHEUS_INSTALL}`);
  const paceOf = (name: string): number => Number(new RegExp(`${name}: (\\d+)s`).exec(readFileSync(join(deploy, 'prometheus.yml'), 'utf8'))?.[1]);
  scene = await AlertScene.start(join(folder, 'killed'), { nodes: 4, rules: [join(deploy, 'rules', 'overlay.yml')], pace: { scrapeS: paceOf('scrape_interval'), evaluateS: paceOf('evaluation_interval') } });
  const { prometheus } = scene;
  await eventually('every process is scraped', async () => (await prometheus.query('sum(up{job="pastry-node"})'))[0]?.value === 4);
  const killedAt = performance.now();
  await scene.overlay.kill(scene.last, 'SIGKILL');
  expect(await missing(scene, ['BanyanNodeDown'], TOLD_WITHIN_S * 1_000)).toEqual([]);
  console.log(`a killed node is told after ${seconds(killedAt)} s`);
});

/** The rows that `BANYAN_ALERTS` names, for whoever works on one of them; all where it names none. */
function only(rows: readonly AlertCause[]): readonly AlertCause[] {
  const named = process.env['BANYAN_ALERTS']?.split(',');
  return named === undefined ? rows : rows.filter(({ alerts }) => alerts.some((alert) => named.includes(alert)));
}

/** Begins a cause while its alerts are silent, and ends it when all of them fired; what is wrong with it. */
async function fired(scene: AlertScene, { what, alerts, begin }: AlertCause): Promise<readonly string[]> {
  try {
    await eventually('silence', async () => {
      const firing = await scene.prometheus.firing();
      return alerts.every((alert) => !firing.has(alert));
    }, FIRES_MS);
    const startedAt = performance.now();
    const undo = await begin(scene);
    const left = await missing(scene, alerts, FIRES_MS);
    console.log(`${what}: ${alerts.filter((alert) => !left.includes(alert)).join(', ')} after ${seconds(startedAt)} s${left.length > 0 ? `, BUT NOT ${left.join(', ')}` : ''}`);
    await undo();
    scene.watchAll();
    return left;
  } catch (error) {
    // The others are looked at all the same.
    console.log(`${what}: ${String(error)}`);
    return alerts.map((alert) => `${alert} (${what}: ${String(error)})`);
  }
}

/** Those of some alerts that did not fire within so long; each may have stopped again since. */
async function missing({ prometheus }: AlertScene, alerts: readonly string[], withinMs: number): Promise<readonly string[]> {
  const left = new Set(alerts);
  for (const endsAt = performance.now() + withinMs; left.size > 0; await new Promise((resolve) => setTimeout(resolve, 500))) {
    for (const alert of await prometheus.firing()) left.delete(alert);
    if (performance.now() > endsAt) break;
  }
  return [...left];
}

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 1_000);
}
