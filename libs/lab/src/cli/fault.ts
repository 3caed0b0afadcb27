/** Something the user can mend; printed as one line, without a stack. `usage` faults exit with 2, others with 1. */
export class LabFault extends Error {
  override readonly name = 'LabFault';
  readonly exitCode: 1 | 2;

  constructor(message: string, { usage = false, cause }: { readonly usage?: boolean; readonly cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = usage ? 2 : 1;
  }
}
