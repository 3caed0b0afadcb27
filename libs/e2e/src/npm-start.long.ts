// A newcomer's first minutes: a bare clone, an empty home, `npm start`, what it says to try, Ctrl-C.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './testing/eventually.ts';
import { sha256Of } from './testing/random-file.ts';

const projectRoot = join(import.meta.dirname, '..', '..', '..');
const readyWithinMs = 400_000;

describe('npm start in a bare clone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'banyan-clone-'));
  const clone = join(folder, 'banyan');
  const environment = newcomersEnvironment(folder);
  let launcher: ChildProcess;
  let printed = '';

  beforeAll(async () => {
    execFileSync('git', ['clone', '--quiet', '--no-hardlinks', projectRoot, clone]);
    launcher = spawn('npm', ['start'], { cwd: clone, env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    launcher.stderr?.on('data', (chunk: Buffer) => { printed += chunk.toString(); });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not ready in ${readyWithinMs} ms; it printed:\n${printed}`)), readyWithinMs);
      launcher.stdout?.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
        if (commandsIn(printed).length >= 3) { clearTimeout(timer); resolve(); }
      });
      launcher.once('exit', (code) => { clearTimeout(timer); reject(new Error(`npm start ended with ${code}; it printed:\n${printed}`)); });
    });
  });

  afterAll(() => {
    for (const pid of processesOf(clone)) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it('runs auth, bootstrap, tree-builder and eight nodes', () => {
    expect(processesOf(clone).filter((pid) => commandLine(pid).includes('services/pastry-node')).length).toBe(8);
    for (const service of ['auth', 'bootstrap', 'tree-builder']) expect(printed).toContain(service);
  });

  it('prints three commands that work as they stand', async () => {
    const [create, subscribe, publish] = commandsIn(printed);
    const created = run(create, clone, environment);
    expect(await created.code, created.printed()).toBe(0);
    // The second waits for the third, from another terminal.
    const subscribed = run(subscribe, clone, environment);
    await eventually('the subscriber is grafted', () => /subscribed/.test(subscribed.printed()));
    const published = run(publish, clone, environment);
    expect(await published.code, published.printed()).toBe(0);
    expect(await subscribed.code, subscribed.printed()).toBe(0);
    expect(subscribed.printed()).toContain(sha256Of(join(clone, 'README.md')));
  });

  it('stops everything on Ctrl-C', async () => {
    const gone = new Promise<number | null>((resolve) => { launcher.removeAllListeners('exit'); launcher.once('exit', resolve); });
    // A terminal signals the whole foreground group.
    process.kill(-(launcher.pid ?? 0), 'SIGINT');
    await gone;
    expect(processesOf(clone).map(commandLine)).toEqual([]);
  });
});

function newcomersEnvironment(folder: string): NodeJS.ProcessEnv {
  const kept = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|NX_|BANYAN_|NODE_|VITEST)/i.test(name)));
  for (const name of ['home', 'npm-cache']) mkdirSync(join(folder, name));
  // The machine's own Node, not the one that runs this test.
  const path = (process.env['PATH'] ?? '').split(':').filter((entry) => !entry.includes('node_modules')).join(':');
  return { ...kept, PATH: path, HOME: join(folder, 'home'), npm_config_cache: join(folder, 'npm-cache') };
}

/** One command in a shell of its own, as a terminal would run it. */
function run(command: string | undefined, cwd: string, env: NodeJS.ProcessEnv): { readonly code: Promise<number | null>; readonly printed: () => string } {
  const shell = spawn('sh', ['-c', command ?? 'false'], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [shell.stdout, shell.stderr]) stream.on('data', (chunk: Buffer) => { text += chunk.toString(); });
  return { code: new Promise((resolve) => shell.once('close', resolve)), printed: () => text };
}

/** The commands that a ready overlay says to try, without the indentation. */
function commandsIn(text: string): readonly string[] {
  return text.split('\n').map((line) => line.trim()).filter((line) => line.startsWith('npx banyan '));
}

function processesOf(folder: string): readonly number[] {
  return readdirSync('/proc').map(Number).filter((pid) => pid > 0 && pid !== process.pid && (workingFolder(pid).startsWith(folder) || commandLine(pid).includes(folder)));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function workingFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}
