import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { CountOrder, Order, PhaseResult, Report, SubscribeOrder } from './subscriber-protocol.ts';

/** The subscriber process as the bench holds it: started, told what to count, asked for what it counted. */
export class Subscribers implements Disposable {
  readonly #child: ChildProcess;
  readonly #reports: Report[] = [];
  #wake: () => void = () => undefined;
  #ended: string | undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (report: Report) => {
      this.#reports.push(report);
      this.#wake();
    });
    child.on('exit', (code, signal) => {
      this.#ended = `the subscriber process ended (${signal ?? `exit code ${code}`})`;
      this.#wake();
    });
  }

  /** Starts the process; resolves when every subscription is grafted. */
  static async start(order: Omit<SubscribeOrder, 'type'>): Promise<Subscribers> {
    const child = fork(join(import.meta.dirname, 'subscriber-process.js'), { stdio: ['ignore', 2, 2, 'ipc'] });
    const subscribers = new Subscribers(child);
    try {
      subscribers.#order({ type: 'subscribe', ...order });
      await subscribers.#report('subscribed');
    } catch (error) {
      subscribers[Symbol.dispose]();
      throw error;
    }
    return subscribers;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Begins to count a phase; resolves when the counting has begun. */
  async count(order: Omit<CountOrder, 'type'>): Promise<void> {
    this.#order({ type: 'count', ...order });
    await this.#report('counting');
  }

  /** What the phase came to, once it is complete or nothing comes any more. */
  async counted(): Promise<PhaseResult> {
    return (await this.#report('counted')).result;
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }

  #order(order: Order): void {
    this.#child.send(order);
  }

  async #report<Type extends Report['type']>(type: Type): Promise<Extract<Report, { readonly type: Type }>> {
    for (;;) {
      const report = this.#reports.shift();
      if (report?.type === type) return report as Extract<Report, { readonly type: Type }>;
      if (report?.type === 'failed') throw new Error(`a subscriber failed: ${report.message}`);
      if (report !== undefined) throw new Error(`the subscriber process says '${report.type}', not '${type}'`);
      if (this.#ended !== undefined) throw new Error(this.#ended);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
