import { OverlayError } from '@banyan/grpc';

/** A field that every service of this version fills; INTERNAL when it did not. */
export function present<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new OverlayError('INTERNAL', `the answer lacks its field '${field}'`, { field });
  return value;
}
