import { ChildProgram } from '../processes/child-program.ts';
import type { CountOrder, Order, PhaseResult, Report, SubscribeOrder } from './subscriber-protocol.ts';

/** The subscriber process as the bench holds it: started, told what to count, asked for what it counted. */
export class Subscribers implements Disposable {
  readonly #child: ChildProgram<Order, Report>;

  private constructor(child: ChildProgram<Order, Report>) {
    this.#child = child;
  }

  /** Starts the process; resolves when every subscription is grafted. */
  static async start(order: Omit<SubscribeOrder, 'type'>): Promise<Subscribers> {
    const child = new ChildProgram<Order, Report>('the subscriber process', new URL('subscriber-process.js', import.meta.url));
    try {
      child.order({ type: 'subscribe', ...order });
      await child.report('subscribed');
      return new Subscribers(child);
    } catch (error) {
      child[Symbol.dispose]();
      throw error;
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Begins to count a phase; resolves when the counting has begun. */
  async count(order: Omit<CountOrder, 'type'>): Promise<void> {
    this.#child.order({ type: 'count', ...order });
    await this.#child.report('counting');
  }

  /** What the phase came to, once it is complete or nothing comes any more. */
  async counted(): Promise<PhaseResult> {
    return (await this.#child.report('counted')).result;
  }

  [Symbol.dispose](): void {
    this.#child[Symbol.dispose]();
  }
}
