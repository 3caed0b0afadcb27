import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@banyan/telemetry';

/** Nest's own talk as events of ours: what it says about its progress is for debugging, its complaints are kept. */
export function nestLogger(logger: Logger): LoggerService {
  const say = (level: 'debug' | 'warn' | 'error') => (message: unknown, ...context: unknown[]) =>
    logger[level]({ event: 'nest', context: context.at(-1) }, message instanceof Error ? (message.stack ?? message.message) : String(message));
  return { log: say('debug'), debug: say('debug'), verbose: say('debug'), warn: say('warn'), error: say('error'), fatal: say('error') };
}
