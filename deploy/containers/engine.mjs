// A container engine: the one that answers, else one of our own that lives as long as the test.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CannotRun, eventually, placesOf, run } from './shell.mjs';

const START_MS = 60_000;
/** The last client that speaks BuildKit without the plugin buildx. */
const LAST_WITHOUT_BUILDX = 22;

/**
 * Docker and compose, bound to one engine. An engine of our own keeps everything in `folder`, listens on a socket there and leaves
 * the firewall and the bridges of this machine as they are: containers of one network reach each other, builds use the host's.
 */
export async function findEngine(folder) {
  const docker = await clientWithBuildKit();
  const answers = await run(docker, ['info', '--format', '{{.ServerVersion}}']).catch(() => undefined);
  if (answers?.trim()) return bound(docker, {}, { version: answers.trim(), stop: async () => {} });
  if (process.getuid?.() !== 0) throw new CannotRun('no container engine answers, and starting one takes root: start Docker, or run this as root');
  const [dockerd] = placesOf('dockerd');
  if (dockerd === undefined) throw new CannotRun('no container engine answers, and there is no dockerd to start: apt-get install docker.io docker-compose');
  const socket = `unix://${join(folder, 'docker.sock')}`;
  const log = join(folder, 'dockerd.log');
  const keeps = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'run'), '--pidfile', join(folder, 'dockerd.pid')];
  const touchesNothing = ['--bridge=none', '--iptables=false', '--ip-forward=false', '--ip-masq=false'];
  const output = openSync(log, 'a');
  const engine = spawn(dockerd, ['--host', socket, ...keeps, ...touchesNothing], { stdio: ['ignore', output, output], detached: true });
  const hasEnded = once(engine, 'exit');
  const env = { DOCKER_HOST: socket };
  const version = await eventually('dockerd answers', START_MS, async () => {
    if (engine.exitCode !== null) throw new CannotRun(`dockerd does not run here:\n${readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n')}`);
    return (await run(docker, ['info', '--format', '{{.ServerVersion}}, {{.Driver}}'], { env }).catch(() => ''))?.trim();
  });
  return bound(docker, env, {
    version: `${version}, of our own`,
    async stop() {
      engine.kill('SIGTERM');
      await hasEnded;
    },
  });
}

async function bound(docker, env, { version, stop }) {
  const hasPlugin = await run(docker, ['compose', 'version'], { env }).then(() => true, () => false);
  const [older] = placesOf('docker-compose');
  if (!hasPlugin && older === undefined) throw new CannotRun('there is no docker compose: apt-get install docker-compose');
  const [program, ...first] = hasPlugin ? [docker, 'compose'] : [older];
  return {
    version,
    stop,
    env: { ...env, DOCKER_BUILDKIT: '1' },
    docker: (...args) => run(docker, args, { env: { ...env, DOCKER_BUILDKIT: '1' } }),
    compose: (...args) => run(program, [...first, ...args], { env }),
    program: docker,
  };
}

// The Dockerfile mounts one stage into another, which only BuildKit can.
async function clientWithBuildKit() {
  for (const docker of placesOf('docker')) {
    const version = await run(docker, ['--version']);
    const major = Number(/(\d+)\./.exec(version)?.[1]);
    if (major <= LAST_WITHOUT_BUILDX || (await run(docker, ['buildx', 'version']).then(() => true, () => false))) return docker;
  }
  throw new CannotRun('there is no docker with BuildKit: apt-get install docker.io, or docker-buildx beside a newer one');
}
