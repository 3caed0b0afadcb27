/** What became of the messages of one session at one reader. */
export interface HistoryVerdict {
  /** Published with a receipt and never given. */
  readonly lost: number;
  /** Given twice. */
  readonly doubled: number;
  /** Given after a later one, or with a sequence that does not grow. */
  readonly reordered: number;
  /** Given and never published. */
  readonly ghosts: number;
  /** Told as missing. */
  readonly told: number;
}

export const SPOTLESS: HistoryVerdict = { lost: 0, doubled: 0, reordered: 0, ghosts: 0, told: 0 };

const MESSAGE_BYTES = 1_024;

/** Message `index` of a session, 1 KiB. */
export function messageOf(session: string, index: number): Buffer {
  return Buffer.from(`${session}:${index} `.padEnd(MESSAGE_BYTES, '.'));
}

/**
 * What one session published and what each reader was given. Messages are known by their index; readers hear of sequences, and no two
 * messages may ever have the same one, whoever was told.
 */
export class MessageHistory {
  readonly #session: string;
  readonly #given = new Map<string, { readonly indices: Set<number>; last: number; lastSequence: bigint; verdict: { -readonly [K in keyof HistoryVerdict]: HistoryVerdict[K] } }>();
  readonly #indexOf = new Map<bigint, number>();
  /** Messages taken for publishing; index 0 to published - 1. */
  published = 0;
  /** Sequences that two messages were given under. */
  shared = 0;

  constructor(session: string) {
    this.#session = session;
  }

  /** How many different messages a reader has. */
  countOf(reader: string): number {
    return this.#given.get(reader)?.indices.size ?? 0;
  }

  took(reader: string, firstSequence: bigint, messages: readonly Uint8Array[]): void {
    for (const [i, message] of messages.entries()) this.#tookOne(reader, firstSequence + BigInt(i), message);
  }

  missed(reader: string, firstSequence: bigint, lastSequence: bigint): void {
    this.#of(reader).verdict.told += Number(lastSequence - firstSequence) + 1;
  }

  /** Of every reader that was given anything, once all that was published has its receipt. */
  verdicts(): ReadonlyMap<string, HistoryVerdict> {
    return new Map([...this.#given].map(([reader, { indices, verdict }]) => [reader, { ...verdict, lost: this.published - indices.size }]));
  }

  #tookOne(reader: string, sequence: bigint, message: Uint8Array): void {
    const given = this.#of(reader);
    const index = this.#indexIn(message);
    if (index === undefined) {
      given.verdict.ghosts++;
      return;
    }
    if ((this.#indexOf.get(sequence) ?? index) !== index) this.shared++;
    this.#indexOf.set(sequence, index);
    if (given.indices.has(index)) given.verdict.doubled++;
    else if (index < given.last || sequence <= given.lastSequence) given.verdict.reordered++;
    given.indices.add(index);
    given.last = Math.max(given.last, index);
    given.lastSequence = sequence;
  }

  #indexIn(message: Uint8Array): number | undefined {
    const [session, index] = Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString('latin1').trimEnd().replace(/ .*$/, '').split(':');
    const number = Number(index);
    return session === this.#session && number < this.published ? number : undefined;
  }

  #of(reader: string) {
    let given = this.#given.get(reader);
    if (given === undefined) this.#given.set(reader, (given = { indices: new Set(), last: -1, lastSequence: -1n, verdict: { ...SPOTLESS } }));
    return given;
  }
}
