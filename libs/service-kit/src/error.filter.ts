import { Catch, HttpException, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { throwError, type Observable } from 'rxjs';
import { currentTraceparent, OverlayError, reasons, toServiceError } from '@banyan/grpc';
import { withTrace, type Logger } from '@banyan/telemetry';
import { callOf } from './calls/call-facts.ts';
import { namedReason } from './named-reason.ts';
import { LOGGER } from './service-ports.ts';

/** As much of a response of the admin server as an error needs. */
interface ErrorPage {
  status(code: number): { json(body: unknown): unknown };
}

/** The one place where errors become answers: a gRPC status, or a JSON page. What is no OverlayError is our fault, and logged. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  readonly #logger: Logger;

  constructor(@Inject(LOGGER) logger: Logger) {
    this.#logger = logger;
  }

  catch(error: unknown, host: ArgumentsHost): Observable<never> | undefined {
    if (host.getType() === 'http') {
      this.#answerPage(error, host.switchToHttp().getResponse<ErrorPage>());
      return undefined;
    }
    const call = callOf(host);
    // A stream that breaks because its client went away is nobody's fault.
    const told = call.cancelled ? new OverlayError('CANCELLED', 'the client has gone', {}, { cause: error }) : error;
    if (!(told instanceof OverlayError)) {
      withTrace(this.#logger, currentTraceparent()).error({ event: 'call_failed', method: call.getPath(), error: describe(error) });
    }
    return throwError(() => toServiceError(withNamedReason(told)));
  }

  #answerPage(error: unknown, response: ErrorPage): void {
    const told = overlayErrorOf(error);
    if (!(error instanceof OverlayError) && told.httpStatus >= 500) this.#logger.error({ event: 'page_failed', error: describe(error) });
    response.status(told.httpStatus).json({ error: { reason: told.reason, message: told.message, mend: told.mend } });
  }
}

function overlayErrorOf(error: unknown): OverlayError {
  if (error instanceof OverlayError) return error;
  if (error instanceof HttpException && error.getStatus() === 404) return new OverlayError('METHOD_NOT_FOUND', 'there is no such page');
  if (error instanceof HttpException && error.getStatus() < 500) return new OverlayError('REQUEST_INVALID', error.message);
  const named = withNamedReason(error);
  return named instanceof OverlayError ? named : new OverlayError('INTERNAL', 'a fault of this process; its log has the details', {}, { cause: error });
}

// The caller learns the reason; the error's own words are for the log.
function withNamedReason(error: unknown): unknown {
  const reason = error instanceof OverlayError ? undefined : namedReason(error);
  return reason === undefined ? error : new OverlayError(reason, reasons[reason].what, {}, { cause: error });
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
