import type { MulticastCommand } from '../commands.ts';
import type { GroupDescriptor, Verified } from '../descriptor.ts';
import type { Sequence } from '../epoch.ts';
import type { RowMember } from '../frames.ts';
import { parityOf } from './parity.ts';
import type { StripePort } from './port.ts';

type Publish = Extract<MulticastCommand, { type: 'publish' }>;

interface Member {
  readonly command: Publish;
  readonly stripe: number;
  sequence: Sequence | undefined;
}

/**
 * The parity of one session: payloads that go into different stripes, one after the other, are a row, and when all of a row are
 * stored their exclusive or goes into the last stripe. A row is closed early when the publisher has nothing else on its way, so the
 * last payloads of a burst are no less safe than the others.
 */
export class ParityWriter {
  readonly #port: StripePort;
  readonly #descriptor: Verified<GroupDescriptor>;
  readonly #session: { readonly client: string; readonly session: string; readonly partSession: string };
  readonly #rowLength: number;
  #filling: Member[] = [];
  /** Full rows of which not all is stored, oldest first. */
  #rows: Member[][] = [];
  /** Given to the stripe and without a receipt, by counter. */
  readonly #unreceipted = new Map<number, Publish>();
  #nextCounter = 1;

  constructor(port: StripePort, { descriptor, rowLength, ...session }: { readonly descriptor: Verified<GroupDescriptor>; readonly rowLength: number; readonly client: string; readonly session: string; readonly partSession: string }) {
    this.#port = port;
    this.#descriptor = descriptor;
    this.#rowLength = rowLength;
    this.#session = session;
  }

  get stripe(): Verified<GroupDescriptor>['group'] {
    return this.#descriptor.group;
  }

  /** Parities without a receipt; bounded by the batches of the session. */
  get size(): number {
    return this.#unreceipted.size + this.#rows.length;
  }

  get isEmpty(): boolean {
    return this.#unreceipted.size === 0;
  }

  /** A payload is on its way into a stripe. */
  add(command: Publish, stripe: number): void {
    this.#filling.push({ command, stripe, sequence: undefined });
    if (this.#filling.length === this.#rowLength) this.#closeRow();
  }

  stored(counter: number, sequence: Sequence): void {
    for (const row of [...this.#rows, this.#filling]) {
      const member = row.find(({ command }) => command.counter === counter);
      if (member !== undefined) member.sequence ??= sequence;
    }
    this.#give();
  }

  /** A payload will not be stored: its row does without it. */
  lost(counter: number): void {
    this.#filling = this.#filling.filter(({ command }) => command.counter !== counter);
    this.#rows = this.#rows.map((row) => row.filter(({ command }) => command.counter !== counter));
    this.#give();
  }

  /** Nothing of the session is on its way: what has no parity yet gets one. */
  flush(): void {
    if (this.#filling.length > 0) this.#closeRow();
    this.#give();
  }

  receipted(counter: number): void {
    this.#unreceipted.delete(counter);
  }

  /** The stripe takes more, from this counter on. */
  ready(counter: number): void {
    for (const command of [...this.#unreceipted.values()]) if (command.counter >= counter) this.#port.command(command);
  }

  #closeRow(): void {
    this.#rows.push(this.#filling);
    this.#filling = [];
  }

  #give(): void {
    for (let row = this.#rows[0]; row?.every(({ sequence }) => sequence !== undefined) === true; row = this.#rows[0]) {
      this.#rows.shift();
      if (row.length > 0) this.#publish(row);
    }
  }

  #publish(row: readonly Member[]): void {
    const { client, session, partSession } = this.#session;
    const { payload, bytes } = parityOf(row.map(({ command }) => command));
    const members = row.map(({ command, stripe, sequence }): RowMember => ({ stripe, sequence: sequence ?? 0, bytes: command.bytes, counter: command.counter }));
    const counter = this.#nextCounter++;
    const partOf = { session, counter: row[0]?.command.counter ?? 0, count: row.length };
    const command: Publish = { type: 'publish', group: this.#descriptor.group, client, session: partSession, counter, count: 1, payload, bytes, partOf, row: members, descriptor: this.#descriptor };
    this.#unreceipted.set(counter, command);
    this.#port.command(command);
  }
}
