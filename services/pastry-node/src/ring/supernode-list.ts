import { readFile } from 'node:fs/promises';
import { PUBLIC_MODE, writeFileAtomically } from '@banyan/identity';
import type { Logger } from '@banyan/telemetry';
import { z } from 'zod';

/** Entries kept for the next start at most. */
const KEPT_MAX = 200;

const fileContent = z.object({ controlAddresses: z.array(z.string()).max(KEPT_MAX) });

/** The last good list of live nodes on disk: where a node looks when the bootstrap service is away. */
export class SupernodeList {
  readonly #file: string;
  readonly #logger: Logger;

  constructor(file: string, logger: Logger) {
    this.#file = file;
    this.#logger = logger;
  }

  /** Control addresses, those that were best first; none when there is no list or a damaged one. */
  async load(): Promise<readonly string[]> {
    try {
      return fileContent.parse(JSON.parse(await readFile(this.#file, 'utf8'))).controlAddresses;
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!isMissing) this.#logger.warn({ event: 'supernode_list_unreadable', file: this.#file, error: String(error) });
      return [];
    }
  }

  /** Keeps a list, unless it is empty: an empty one helps nobody. That it cannot be kept is told and no more. */
  async save(controlAddresses: readonly string[]): Promise<void> {
    if (controlAddresses.length === 0) return;
    const content = JSON.stringify({ controlAddresses: controlAddresses.slice(0, KEPT_MAX) });
    await writeFileAtomically(this.#file, content, PUBLIC_MODE).catch((error: unknown) => {
      this.#logger.warn({ event: 'supernode_list_unwritable', file: this.#file, error: String(error) });
    });
  }
}
