import type { Logger } from '@banyan/telemetry';

/**
 * Node's own warnings as log lines: left alone, it prints them as plain text between the JSON lines. They may come while
 * modules load, before there is a logger; the first few are held until there is one.
 */
export class ProcessWarnings {
  readonly #held: Error[] = [];
  #logger: Logger | undefined;

  /** Takes the warnings of this process over, from now on. */
  constructor() {
    process.removeAllListeners('warning').on('warning', (warning) => this.#onWarning(warning));
  }

  /** Logs what was held, and everything that comes. */
  logTo(logger: Logger): void {
    this.#logger = logger;
    for (const warning of this.#held.splice(0)) this.#onWarning(warning);
  }

  #onWarning(warning: Error): void {
    if (this.#logger !== undefined) this.#logger.warn({ event: 'process_warning', warning: warning.name, message: warning.message });
    else if (this.#held.length < HELD_MAX) this.#held.push(warning);
  }
}

const HELD_MAX = 16;
