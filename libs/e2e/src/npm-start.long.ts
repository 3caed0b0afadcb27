// A newcomer's first minutes: a bare clone, an empty home, `npm start`, what it says to try, Ctrl-C.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

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

  it('prints three commands that work as they stand', () => {
    const commands = commandsIn(printed);
    expect(commands.length).toBe(3);
    for (const command of commands) {
      const output = execFileSync('sh', ['-c', command], { cwd: clone, env: environment, encoding: 'utf8', timeout: 60_000, stdio: ['ignore', 'pipe', 'pipe'] });
      expect(output.length, command).toBeGreaterThan(0);
    }
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
