import type { Bound } from '@banyan/sansio';
import type { Sequence } from '../epoch.ts';
import type { Block, RowMember } from '../frames.ts';
import { rebuilt } from './parity.ts';
import type { StripeCursor } from './stripe-cursor.ts';

interface Row {
  readonly parity: Block;
  /** Of the parity in its stripe. */
  readonly sequence: Sequence;
  readonly members: readonly RowMember[];
  readonly session: string;
}

/** Rows and payloads that are kept; beyond, the oldest go, and what they would have rebuilt waits for its stripe. */
const ROWS_MAX = 4_096;
const KEPT_MAX = 65_536;

/**
 * What one reader needs to rebuild payloads: the rows of the parity stripe, and what was handed on of rows that are not over. A row is
 * over when its last member was told, since those before it were told before.
 */
export class ParityRows {
  readonly #cursor: StripeCursor;
  readonly #bytesMax: number;
  readonly #rowOf = new Map<string, Row>();
  readonly #kept = new Map<string, { readonly payload: unknown; readonly bytes: number }>();
  #keptBytes = 0;

  /** `bytesMax` bounds the payloads that are kept. */
  constructor(cursor: StripeCursor, bytesMax: number) {
    this.#cursor = cursor;
    this.#bytesMax = bytesMax;
  }

  /** Takes in what came of the parity stripe. */
  look(): void {
    for (const { sequence, block } of this.#cursor.takeFresh()) {
      const { row: members, partOf } = block;
      const last = members?.at(-1);
      // One whose members were all told comes too late to be of use.
      if (members === undefined || partOf === undefined || last === undefined || this.#kept.has(keyOf(block.client, partOf.session, last.counter))) {
        this.#cursor.take(sequence);
        continue;
      }
      const row: Row = { parity: block, sequence, members, session: partOf.session };
      for (const { counter } of members) this.#rowOf.set(keyOf(block.client, partOf.session, counter), row);
    }
    for (const [key, row] of this.#rowOf) {
      if (this.#rowOf.size <= ROWS_MAX) break;
      this.#rowOf.delete(key);
      this.#cursor.take(row.sequence);
    }
  }

  /** A payload was handed on, or (undefined) is given up. */
  told(block: Block, payload: unknown, bytes: number): void {
    const key = keyOf(block.client, block.session, block.counter);
    const row = this.#rowOf.get(key);
    if (row !== undefined && row.members.at(-1)?.counter === block.counter) this.#close(row);
    this.#kept.set(key, { payload, bytes });
    this.#keptBytes += bytes;
    for (const [oldest, { bytes: weight }] of this.#kept) {
      if (this.#keptBytes <= this.#bytesMax && this.#kept.size <= KEPT_MAX) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= weight;
    }
  }

  /** The payload of a block, from all others of its row; undefined while one of them is missing, too. */
  rebuild(block: Block, cursors: readonly StripeCursor[]): { readonly payload: unknown; readonly bytes: number } | undefined {
    const row = this.#rowOf.get(keyOf(block.client, block.session, block.counter));
    const index = row?.members.findIndex(({ counter }) => counter === block.counter) ?? -1;
    const missing = row?.members[index];
    if (row === undefined || missing === undefined) return undefined;
    const others: unknown[] = [];
    for (const member of row.members) {
      if (member === missing) continue;
      const payload = this.#payloadOf(row, member, cursors);
      if (payload === undefined) return undefined;
      others.push(payload);
    }
    return { payload: rebuilt(row.parity.payload, others, { index, bytes: missing.bytes }), bytes: missing.bytes };
  }

  bounds(): readonly Bound[] {
    return [
      { name: 'members of parity rows', size: this.#rowOf.size, limit: ROWS_MAX },
      { name: 'payloads kept for parity', size: this.#kept.size, limit: KEPT_MAX },
    ];
  }

  #payloadOf({ parity, session }: Row, member: RowMember, cursors: readonly StripeCursor[]): unknown {
    const kept = this.#kept.get(keyOf(parity.client, session, member.counter));
    if (kept !== undefined) return kept.payload;
    const waiting = cursors[member.stripe]?.waiting(member.sequence);
    // Another epoch of a stripe may have numbered another payload there.
    const isHis = waiting?.client === parity.client && waiting.partOf?.session === session && waiting.partOf.counter === member.counter;
    return isHis ? waiting.payload : undefined;
  }

  #close(row: Row): void {
    for (const { counter } of row.members) {
      const key = keyOf(row.parity.client, row.session, counter);
      this.#rowOf.delete(key);
      this.#keptBytes -= this.#kept.get(key)?.bytes ?? 0;
      this.#kept.delete(key);
    }
    this.#cursor.take(row.sequence);
  }
}

function keyOf(client: string, session: string, counter: number): string {
  return `${client}\n${session}\n${counter}`;
}
