// Who did what through the console, and what came of it: JSON lines in the data directory, and the last of them in memory.
import { appendFile, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OverlayError } from '@banyan/grpc';
import type { Logger } from '@banyan/telemetry';
import type { AuditEntry } from '../contract.ts';
import { rest, type Tell, type TopicSource } from '../watching/topic.ts';

const FILE = 'audit.jsonl';
/** The file grows to so much; then it becomes `audit.jsonl.1`, and the piece before is gone. */
const FILE_BYTES_MAX = 8 * 1024 * 1024;
const ENTRIES_SHOWN = 200;

/** The audit log. An action begins only after its entry is on disk. */
export class AuditLog implements TopicSource {
  #entries: readonly AuditEntry[];
  readonly #tells = new Set<Tell>();
  #writing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly file: string,
    private readonly logger: Logger,
    entries: readonly AuditEntry[],
  ) {
    this.#entries = entries;
  }

  static async open(dataDir: string, logger: Logger): Promise<AuditLog> {
    const file = join(dataDir, FILE);
    const text = await readFile(file, 'utf8').catch(() => '');
    return new AuditLog(file, logger, text.split('\n').slice(-ENTRIES_SHOWN - 1).flatMap(parseEntry));
  }

  /** Writes an entry. Throws DATA_DIR_UNUSABLE when it cannot be kept. */
  async write(entry: Omit<AuditEntry, 'atMs'>): Promise<void> {
    const whole: AuditEntry = { atMs: Date.now(), ...entry };
    this.logger.info({ event: 'audit', ...whole });
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#append(`${JSON.stringify(whole)}\n`));
    await this.#writing;
    this.#entries = [...this.#entries, whole].slice(-ENTRIES_SHOWN);
    for (const tell of this.#tells) tell('audit', { entries: [whole] });
  }

  welcome(tell: Tell): void {
    tell('audit', { entries: this.#entries });
  }

  async watch(tell: Tell, signal: AbortSignal): Promise<void> {
    this.#tells.add(tell);
    while (!signal.aborted) await rest(1 << 30, signal);
    this.#tells.delete(tell);
  }

  async #append(line: string): Promise<void> {
    try {
      const { size } = await stat(this.file).catch(() => ({ size: 0 }));
      if (size > FILE_BYTES_MAX) await rename(this.file, `${this.file}.1`);
      await appendFile(this.file, line, { mode: 0o600, flush: true });
    } catch (cause) {
      throw new OverlayError('DATA_DIR_UNUSABLE', `the audit log cannot be written, so nothing is done: ${String(cause)}`, { file: this.file }, { cause });
    }
  }
}

function parseEntry(line: string): readonly AuditEntry[] {
  try {
    return [JSON.parse(line) as AuditEntry];
  } catch {
    return []; // the cut end of a line, or of the file
  }
}
