import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

const banyan = join(import.meta.dirname, '..', '..', '..', '..', 'services', 'cli', 'bin', 'banyan.js');

/** What a command came to. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One `banyan` command as its own process, its output kept. */
export class CliProcess {
  readonly #child: ChildProcess;
  readonly ended: Promise<Ended>;
  #stdout = '';
  #stderr = '';

  /** Starts `banyan` with these words against the overlay in `dataDir`. */
  constructor(dataDir: string, words: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(process.execPath, [banyan, ...words], {
      env: { ...process.env, BANYAN_DATA_DIR: dataDir, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => { this.#stdout += chunk.toString(); });
    this.#child.stderr?.on('data', (chunk: Buffer) => { this.#stderr += chunk.toString(); });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code) => resolve({ code, stdout: this.#stdout, stderr: this.#stderr }));
    });
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What it has printed so far, both streams, for a message that explains a failure. */
  get printed(): string {
    return this.#stdout + this.#stderr;
  }

  /** Lets the process stand still, or go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  stop(): void {
    if (this.running) this.#child.kill('SIGKILL');
  }
}

/** Runs one command to its end. */
export async function banyanCommand(dataDir: string, ...words: readonly string[]): Promise<Ended> {
  return new CliProcess(dataDir, words).ended;
}

/** Runs one command that must succeed and print JSON. */
export async function banyanJson<T>(dataDir: string, ...words: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await banyanCommand(dataDir, ...words, '--json');
  if (code !== 0) throw new Error(`banyan ${words.join(' ')} ended with ${code}: ${stderr}${stdout}`);
  return JSON.parse(stdout) as T;
}
