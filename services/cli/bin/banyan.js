#!/usr/bin/env node
// `banyan`: plain JavaScript that any Node from 20 on can run, and that is there before anything is installed or built.
// It sees to both, then goes on in the compiled program, on the project's own Node where this one is too old.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NODE_MAJOR_MIN = 24;
const cli = join(dirname(fileURLToPath(import.meta.url)), '..');
const root = join(cli, '..', '..');
const program = join(cli, 'dist', 'main.js');

if (!existsSync(program) || !existsSync(join(root, 'node_modules', 'commander'))) build();
if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) await import(pathToFileURL(program).href);
else goOnWithOwnNode();

/** Installs and builds with the command that `npm start` uses, and stops here when that fails. */
function build() {
  console.error('banyan: not built yet; installing and building (npm run build)');
  const run = join(root, 'libs', 'workspace', 'bin', 'run.mjs');
  const { status } = spawnSync(process.execPath, [run, 'build'], { stdio: ['ignore', 2, 2] });
  if (status !== 0 || !existsSync(program)) {
    console.error('banyan: the build failed; its messages are above');
    process.exit(1);
  }
}

/** Runs the program on the Node that npm brought. The channel tells it when this process is gone, however it went. */
function goOnWithOwnNode() {
  const node = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  if (!existsSync(node)) {
    console.error(`banyan: needs Node ${NODE_MAJOR_MIN} or later, this is ${process.versions.node}, and npm has none for this platform`);
    process.exit(1);
  }
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  // A terminal sends Ctrl-C to both; a supervisor signals only this process, so the signal is passed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
}
