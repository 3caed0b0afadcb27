import pino from 'pino';
import { parseTraceparent } from './traceparent.ts';

/** How much is logged. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields of a log line; `event` is a stable name in snake case, the rest says what it is about. */
export interface LogFields {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Writes JSON lines. Events, not prose: the optional message is for the eye only. */
export interface Logger {
  debug(fields: LogFields, message?: string): void;
  info(fields: LogFields, message?: string): void;
  warn(fields: LogFields, message?: string): void;
  error(fields: LogFields, message?: string): void;
  /** A logger whose lines all carry these fields. */
  child(fields: Readonly<Record<string, unknown>>): Logger;
}

/** The logger that a process begins with. */
export interface ProcessLogger extends Logger {
  /** From now on; loggers made by `child` before keep their own. */
  setLevel(level: LogLevel): void;
}

/** What never leaves the process in a log line, wherever it stands in the fields. */
const SECRET_KEYS = ['authorization', 'enrolmentToken', 'enrolment_token', 'password', 'privateKey', 'secret', 'token'];

/** Where lines go: stderr, or what a test hands in. */
export interface LogOptions {
  readonly service: string;
  readonly name: string;
  readonly level: LogLevel;
  readonly destination?: { write(line: string): void };
}

/** A logger of one process: JSON lines on stderr with time (ISO), level, service, name and pid. */
export function createLogger(options: LogOptions): ProcessLogger {
  const { service, name, level } = options;
  // Synchronous writes: the last line before an exit is the one that matters most.
  const destination = options.destination ?? pino.destination({ fd: 2, sync: true });
  const logger = pino(
    {
      level,
      base: { service, name, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`]), censor: '(hidden)' },
    },
    destination,
  );
  return Object.assign(logger, { setLevel: (next: LogLevel) => void (logger.level = next) });
}

/** A logger whose lines carry the trace and span of a `traceparent`; the same logger when there is none. */
export function withTrace(logger: Logger, traceparent: string | undefined): Logger {
  const parent = parseTraceparent(traceparent);
  return parent === undefined ? logger : logger.child({ trace_id: parent.traceId, span_id: parent.spanId });
}

/** Logs nothing. */
export const NO_LOGGER: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => NO_LOGGER };
