/** Our own fault: a truth of the code does not hold. Stays on in production; the driver says how to replay it. */
export class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed';
}

/** Throws `AssertionFailed` unless `condition`; `truth` is the sentence that should have been true. */
export function assert(condition: boolean, truth: string): asserts condition {
  if (!condition) throw new AssertionFailed(`not true: ${truth}`);
}

/** The end of a `switch` over a closed union: does not compile while a case is missing. */
export function assertNever(value: never): never {
  throw new AssertionFailed(`not true: every case is handled, but met ${JSON.stringify(value)}`);
}
