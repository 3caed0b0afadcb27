import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a program of ours answers; `failed` in place of any. */
type AnyReport = { readonly type: string } | { readonly type: 'failed'; readonly message: string };

/** A program of the bench in a process of its own: takes orders and answers with reports, in order. */
export class ChildProgram<Order extends object, Report extends AnyReport> implements Disposable {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #reports: Report[] = [];
  readonly #aside: (report: Report) => boolean;
  #wake: () => void = () => undefined;
  #ended: string | undefined;

  /** Starts `file`; `name` is what errors call it, `aside` takes reports that nobody asked for (true: taken). */
  constructor(name: string, file: URL, aside: (report: Report) => boolean = () => false) {
    this.#name = name;
    this.#aside = aside;
    const nodeOptions = process.env['BENCH_NODE_OPTIONS'];
    const env = nodeOptions === undefined ? process.env : { ...process.env, NODE_OPTIONS: nodeOptions };
    this.#child = fork(fileURLToPath(file), { stdio: ['ignore', 2, 2, 'ipc'], serialization: 'advanced', env });
    this.#child.on('message', (report: Report) => {
      if (this.#aside(report)) return;
      this.#reports.push(report);
      this.#wake();
    });
    this.#child.on('exit', (code, signal) => {
      this.#ended = `${name} ended (${signal ?? `exit code ${code}`})`;
      this.#wake();
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  order(order: Order): void {
    this.#child.send(order);
  }

  /** The next report, which must be of this type. Throws what the program says failed, or that it ended. */
  async report<Type extends Report['type']>(type: Type): Promise<Extract<Report, { readonly type: Type }>> {
    for (;;) {
      const report = this.#reports.shift();
      if (report?.type === type) return report as Extract<Report, { readonly type: Type }>;
      if (report !== undefined && 'message' in report) throw new Error(`${this.#name}: ${report.message}`);
      if (report !== undefined) throw new Error(`${this.#name} says '${report.type}', not '${type}'`);
      if (this.#ended !== undefined) throw new Error(this.#ended);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Asks and waits for the answer. */
  async ask<Type extends Report['type']>(order: Order, type: Type): Promise<Extract<Report, { readonly type: Type }>> {
    this.order(order);
    return this.report(type);
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}
