#!/usr/bin/env node
// The first command in a bare clone: brings the packages and the right Node, then goes on with what was asked.
// Plain JavaScript without dependencies, for any Node from 20 on; everything it starts runs on the project's own Node.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const modules = join(root, 'node_modules');
const stamp = join(modules, '.banyan-installed');
const heapMegabytes = 20_000;

/** For the lab, where live data is most of the heap and messages under way outlive a small young generation; a tenth of the time at 3,000 nodes. */
const labNode = [`--max-old-space-size=${heapMegabytes}`, '--max-semi-space-size=64', '--heap-growing-percent=30'];

/** What each name runs, after the packages are there: a script of this room, or a program of another. */
const commands = {
  start: { build: true, program: 'services/cli/bin/banyan.js', first: ['up'] },
  lab: { build: true, program: 'libs/lab/dist/main.js', node: labNode },
  sim: { build: true, program: 'libs/lab/dist/main.js', first: ['swarm'], node: labNode },
  bench: { build: true, program: 'libs/bench/dist/main.js' },
  soak: { build: true, program: 'node_modules/vitest/vitest.mjs', first: ['run', '--config', 'libs/e2e/vitest.soak.config.ts'] },
  'e2e:containers': { program: 'deploy/containers/main.mjs' },
  build: { build: true },
  test: { program: 'libs/workspace/src/test-command.ts', first: ['test'] },
  'test:long': { program: 'libs/workspace/src/test-command.ts', first: ['test:long'] },
  check: { program: 'libs/workspace/src/test-command.ts', first: ['check'] },
  lint: { program: 'libs/workspace/src/test-command.ts', first: ['lint'] },
};

const [name, ...args] = process.argv.slice(2);
const command = name === undefined ? undefined : commands[name];
if (command === undefined) {
  console.error(`usage: node libs/workspace/bin/run.mjs ${Object.keys(commands).join('|')} [arguments]`);
  process.exit(2);
}

process.chdir(root);
install();
const environment = {
  ...process.env,
  PATH: `${join(modules, '.bin')}${delimiter}${process.env.PATH ?? ''}`,
  NX_DAEMON: 'false',
  NX_ISOLATE_PLUGINS: 'false',
  NX_TUI: 'false',
};
if (command.build) build();
if (command.program === undefined) process.exit(0);
run(command);

/** `npm ci`, when the lockfile is not the one last installed. */
function install() {
  const wanted = createHash('sha256').update(readFileSync('package-lock.json')).update(process.platform + process.arch).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.error('banyan: installing packages (npm ci), about half a minute');
  // Optional packages carry Node itself; under an older npm its engine warnings would only be noise.
  const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (done.status !== 0) fail(`npm ci failed${done.error ? `: ${done.error.message}` : ''}; its message is above`);
  writeFileSync(stamp, wanted);
}

function build() {
  const done = spawnSync(projectNode(), [join(modules, 'nx', 'dist', 'bin', 'nx.js'), 'run-many', '-t', 'build', '--outputStyle=static'], { env: environment, encoding: 'utf8' });
  if (done.status === 0) return;
  process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}`);
  fail('the build failed; its messages are above');
}

/** The Node that npm brought, or the one that runs this where npm has no package for the platform. */
function projectNode() {
  const brought = join(modules, '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  return existsSync(brought) ? brought : process.execPath;
}

function run({ program, first = [], node = [] }) {
  // The channel tells the child when this process is gone, however it went.
  const child = spawn(projectNode(), [...node, program, ...first, ...args], { env: environment, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  // A terminal sends Ctrl-C to both; a supervisor signals only this process, so the signal is passed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`cannot start ${program}: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
}

function fail(message) {
  console.error(`banyan: ${message}`);
  process.exit(1);
}
