import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { catchError, type Observable } from 'rxjs';
import { DatabaseError } from '@banyan/database';
import { OverlayError } from '@banyan/grpc';

/** Tells callers what became of the database, with a reason of the overlay's table. */
@Injectable()
export class StoreErrors implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      catchError((error: unknown) => {
        throw toOverlayError(error);
      }),
    );
  }
}

/** A DatabaseError as DISK_FULL, DATA_DIR_UNUSABLE or DATABASE_FAILED; anything else as it is. */
export function toOverlayError(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error;
  if (error.fault === 'DISK_FULL') return new OverlayError('DISK_FULL', 'the disk that holds the database is full', {}, { cause: error });
  const reason = error.fault === 'UNUSABLE' ? 'DATA_DIR_UNUSABLE' : 'DATABASE_FAILED';
  return new OverlayError(reason, `the database failed: ${error.message}`, {}, { cause: error });
}
