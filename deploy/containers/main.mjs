// npm run e2e:containers: the composition in real containers, one of them killed and one cut off, and nothing lost.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeBaseImages } from './base-image.mjs';
import { containerOf, writeComposition } from './composition.mjs';
import { findEngine } from './engine.mjs';
import { GOES_ON_MS, Load } from './load.mjs';
import { CannotRun, eventually } from './shell.mjs';

const USAGE = `usage: npm run e2e:containers -- [--base IMAGE] [--keep FOLDER]
  --base IMAGE    an image with Node 24 and npm to build on; left out: Debian, made with debootstrap
  --keep FOLDER   where an engine of our own keeps images and layers for the next run; left out: removed at the end`;
const PROJECT = 'banyan-e2e';
const UP_MS = 180_000;
/** A node that is cut off for so long is dead to the others. */
const CUT_OFF_MS = 20_000;

const startedAt = performance.now();
const undo = [];
const flags = parseArgs({ options: { base: { type: 'string' }, keep: { type: 'string' }, help: { type: 'boolean' } } }).values;
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void end(130));
if (flags.help) {
  console.log(USAGE);
} else {
  try {
    await test();
    say('nothing was lost, doubled or reordered');
    await end(0);
  } catch (error) {
    console.error(error instanceof CannotRun ? `cannot run here: ${error.message}` : error);
    await end(error instanceof CannotRun ? 2 : 1);
  }
}

async function test() {
  const folder = flags.keep ?? mkdtempSync(join(tmpdir(), 'banyan-'));
  mkdirSync(folder, { recursive: true });
  if (flags.keep === undefined) undo.push(() => rmSync(folder, { recursive: true, force: true }));
  const engine = await findEngine(folder);
  undo.push(() => engine.stop());
  say(`engine ${engine.version}`);
  const file = join(folder, 'composition.json');
  const composed = writeComposition(file, (service) => `${PROJECT}/${service}`);
  await buildImages(engine, folder, composed.images);
  const compose = (...args) => engine.compose('--file', file, '--project-name', PROJECT, ...args);
  process.env.BANYAN_ENROLMENT_TOKEN = randomBytes(24).toString('hex');
  process.env.BANYAN_ADMIN_SECRET = randomBytes(24).toString('hex');
  undo.push(() => compose('down', '--volumes', '--timeout', '3'));
  await compose('up', '--detach');
  await eventually('every container is healthy', UP_MS, async () => (await Promise.all(composed.services.map((name) => healthOf(engine, name)))).every((health) => health === 'healthy'));
  say(`${composed.services.length} containers are healthy`);
  await failuresUnderLoad(engine, compose, composed.nodes);
}

async function buildImages(engine, folder, services) {
  const images = { base: flags.base ?? `${PROJECT}/base`, build: `${PROJECT}/build` };
  await makeBaseImages(engine, folder, images);
  say(`base image ${images.base}`);
  const root = join(import.meta.dirname, '..', '..');
  for (const service of services) {
    const args = [`BASE_IMAGE=${images.base}`, `BUILD_IMAGE=${images.build}`, `SERVICE=${service}`].flatMap((arg) => ['--build-arg', arg]);
    await engine.docker('build', '--network', 'host', '--file', join(root, 'deploy', 'docker', 'Dockerfile'), ...args, '--tag', `${PROJECT}/${service}`, root);
  }
  say(`images of ${services.join(', ')}`);
}

async function failuresUnderLoad(engine, compose, nodes) {
  const probe = (await compose('--profile', 'probe', 'run', '--detach', 'probe')).trim().split('\n').at(-1);
  // Compose knows nothing of it once `run` is over.
  undo.push(() => engine.docker('rm', '--force', probe));
  const load = new Load(engine, probe);
  const goesOn = async (what) => say(`${what}: everybody has ${await load.goesOn(what)} messages`);
  await goesOn('messages flow');
  const { root } = await eventually('a root is known', GOES_ON_MS, async () => (await load.progress()).root && load.progress());
  await engine.docker('kill', '--signal', 'KILL', containerOf(root));
  await goesOn(`${root}, the root, was killed`);
  await engine.docker('start', containerOf(root));
  const { root: successor } = await eventually('another root is known', GOES_ON_MS, async () => {
    const seen = await load.progress();
    return seen.root !== root && seen;
  });
  const victim = nodes.find((name) => name !== root && name !== successor);
  const network = `${PROJECT}_default`;
  await engine.docker('network', 'disconnect', network, containerOf(victim));
  await goesOn(`${successor} is the root, ${victim} was cut off`);
  await new Promise((resolve) => setTimeout(resolve, CUT_OFF_MS));
  await engine.docker('network', 'connect', '--alias', victim, network, containerOf(victim));
  await eventually('both are in the ring again', UP_MS, async () => (await Promise.all([root, victim].map((name) => healthOf(engine, name)))).every((health) => health === 'healthy'));
  await goesOn(`${root} and ${victim} are back`);
  await engine.docker('kill', '--signal', 'TERM', probe);
  const code = Number(await engine.docker('wait', probe));
  const { sent, receipted, readers } = await load.last('verdict');
  say(`${sent} messages published, ${receipted} receipted; received ${readers.map(({ address, received }) => `${received} at ${address}`).join(', ')}`);
  if (code !== 0) throw new Error(`the probe found faults: ${JSON.stringify(readers.filter(({ wrong, received }) => wrong.length > 0 || received !== sent), undefined, 1).slice(0, 4_000)}`);
}

async function healthOf(engine, name) {
  return (await engine.docker('inspect', '--format', '{{.State.Health.Status}}', containerOf(name)).catch(() => '')).trim();
}

async function end(code) {
  for (const step of undo.splice(0).reverse()) {
    try {
      await step();
    } catch (error) {
      console.error(`not taken down: ${error.message}`);
      code ||= 1;
    }
  }
  process.exit(code);
}

function say(text) {
  console.log(`${((performance.now() - startedAt) / 1_000).toFixed(0).padStart(4)} s  ${text}`);
}
