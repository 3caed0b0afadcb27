/** One thing wrong with a configuration: where it was said, and what is wrong with it. */
export interface ConfigFault {
  /** `flag --port`, `variable BANYAN_PORT`, `file ./node.yaml` or `setting port`. */
  readonly where: string;
  /** A clause that completes "where: …". */
  readonly what: string;
}

/**
 * A configuration that cannot be used, with every fault in it: whoever starts a process mends all of them at once.
 * `exitCode` is 2, the code of wrong usage.
 */
export class ConfigError extends Error {
  readonly reason = 'CONFIG_INVALID';
  readonly exitCode = 2;
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    super(`the configuration is invalid: ${faults.map((fault) => `${fault.where}: ${fault.what}`).join('; ')}`);
    this.name = 'ConfigError';
    this.faults = faults;
  }
}
