import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { isReason, OverlayError } from '@banyan/grpc';
import { BoundedLog } from './bounded-log.ts';
import type { Addresses } from './overlay-file.ts';
import { identityOf, type ProcessIdentity } from './process-identity.ts';

/** A process to be started. */
export interface ProcessOrder {
  /** Its own name: `auth`, `node-3`. */
  readonly name: string;
  /** The JavaScript file it runs. */
  readonly program: string;
  /** What is put before its command line; nothing by default. */
  readonly enter?: readonly string[];
  /** Its whole environment. */
  readonly env: NodeJS.ProcessEnv;
  /** Where its stderr is kept. */
  readonly logFile: string;
  /** How long it may take to its ready line, ms. */
  readonly readyTimeoutMs: number;
}

/** The one line that a service prints when it is up. */
export interface ReadyLine {
  readonly event: 'service_ready';
  readonly service: string;
  readonly name: string;
  readonly pid: number;
  /** Nodes only: 32 hex digits. */
  readonly id?: string;
  readonly addresses: Addresses;
}

/** How a process ended. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const LINES_KEPT = 20;

/**
 * A running process of a local overlay. It holds the other end of its stdin: should this process die in whatever way,
 * the child reads the end of it and stops by itself. It has its own process group, so that Ctrl-C reaches only us and
 * we stop the children in our order.
 */
export class ServiceProcess {
  readonly name: string;
  readonly ready: ReadyLine;
  readonly identity: ProcessIdentity;
  /** Resolves when the process has ended. */
  readonly exited: Promise<ProcessExit>;
  readonly #child: ChildProcess;

  private constructor(name: string, child: ChildProcess, exited: Promise<ProcessExit>, ready: ReadyLine) {
    this.name = name;
    this.#child = child;
    this.exited = exited;
    this.ready = ready;
    this.identity = identityOf(ready.pid);
  }

  /** Starts a process; resolves at its ready line. Throws the reason it gave, else SERVICE_FAILED; nothing is left running then. */
  static async start(order: ProcessOrder, signal: AbortSignal): Promise<ServiceProcess> {
    const log = new BoundedLog(order.logFile);
    const [command = process.execPath, ...args] = [...(order.enter ?? []), process.execPath, order.program];
    const child = spawn(command, args, { env: order.env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    child.stdin.on('error', () => undefined); // it died before we let go of its stdin
    const lastLines = keepLog(child, log);
    const exited = new Promise<ProcessExit>((resolve) => child.once('close', (code, ended) => resolve({ code, signal: ended })));
    void exited.then(() => log.close());
    try {
      const ready = await Promise.race([readyLine(child), failedStart(order, child, exited, lastLines), timedOut(order, exited), aborted(signal)]);
      child.stdout.resume(); // whatever it says later is not for us
      return new ServiceProcess(order.name, child, exited, ready);
    } catch (error) {
      child.kill('SIGKILL');
      if (child.pid !== undefined) await exited;
      throw error;
    }
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Sends a signal. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Asks it to stop; after `graceMs` it is killed. Resolves when it has ended. */
  async stop(graceMs: number): Promise<ProcessExit> {
    this.#child.kill('SIGTERM');
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
    return this.exited.finally(() => clearTimeout(timer));
  }
}

/** Writes stderr to the log and keeps its last lines for whoever has to say why a start failed. */
function keepLog(child: ChildProcess, log: BoundedLog): readonly string[] {
  const lines: string[] = [];
  if (child.stderr === null) return lines;
  child.stderr.on('data', (bytes: Buffer) => log.write(bytes));
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    if (lines.length > LINES_KEPT) lines.shift();
  });
  return lines;
}

function readyLine(child: ChildProcess): Promise<ReadyLine> {
  return new Promise((resolve) => {
    if (child.stdout === null) return;
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      const told = parseLine(line);
      if (told?.['event'] !== 'service_ready') return;
      lines.close();
      resolve(told as unknown as ReadyLine);
    });
  });
}

async function failedStart(order: ProcessOrder, child: ChildProcess, exited: Promise<ProcessExit>, lastLines: readonly string[]): Promise<never> {
  const spawnError = new Promise<Error>((resolve) => child.once('error', resolve));
  const end = await Promise.race([exited, spawnError]);
  if (end instanceof Error) throw new OverlayError('SERVICE_FAILED', `${order.name} cannot be started: ${end.message}`, { name: order.name }, { cause: end });
  const told = lastLines.map(parseLine).findLast((line) => line?.['event'] === 'service_failed');
  const reason = typeof told?.['reason'] === 'string' && isReason(told['reason']) ? told['reason'] : 'SERVICE_FAILED';
  const why = typeof told?.['message'] === 'string' ? told['message'] : (plainText(lastLines) ?? `ended with ${end.signal ?? `code ${end.code}`}`);
  throw new OverlayError(reason, `${order.name} did not start: ${why} (log: ${order.logFile})`, { name: order.name, log: order.logFile });
}

async function timedOut(order: ProcessOrder, exited: Promise<ProcessExit>): Promise<never> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, order.readyTimeoutMs).unref();
    void exited.then(() => clearTimeout(timer));
  });
  const message = `${order.name} was not ready within ${order.readyTimeoutMs / 1000} s (log: ${order.logFile})`;
  throw new OverlayError('SERVICE_FAILED', message, { name: order.name, log: order.logFile });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(new OverlayError('CANCELLED', 'the start was interrupted'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

function plainText(lines: readonly string[]): string | undefined {
  return lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1);
}

function parseLine(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
