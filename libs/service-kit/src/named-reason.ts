import { isReason, type Reason } from '@banyan/grpc';

/**
 * The reason that an error of a room below `grpc` names itself (`DatabaseError`, `IdentityFileError`): those rooms do
 * not know the table of reasons, but use its words. Undefined: it names none.
 */
export function namedReason(error: unknown): Reason | undefined {
  const { reason } = (error instanceof Error ? error : {}) as { readonly reason?: unknown };
  return typeof reason === 'string' && isReason(reason) ? reason : undefined;
}
