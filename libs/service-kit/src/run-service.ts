import { setFlagsFromString } from 'node:v8';
import { setLogger } from '@grpc/grpc-js';
import type { z } from 'zod';
import { loadConfig, type LoadedConfig } from '@banyan/config';
import { createLogger, type Logger, type ProcessLogger } from '@banyan/telemetry';
import type { ProcessWarnings } from './process-warnings.ts';
import type { ServiceDefinition } from './service-definition.ts';
import type { ServiceSettings } from './service-settings.ts';
import { startFailure } from './start-failure.ts';
import { startService, type RunningService } from './start-service.ts';
import { onStopAsked } from './stop-signals.ts';

/**
 * The whole life of a service process: settings, start, one ready line on stdout, and a graceful end when it is asked
 * to (SIGTERM, SIGINT, or the end of stdin with `BANYAN_STOP_WITH_STDIN=true`).
 * Exit codes: 0 asked to stop, 1 failed with one line that says why, 2 wrong usage.
 */
export async function runService<Schema extends z.ZodObject>(definition: ServiceDefinition<Schema>, warnings: ProcessWarnings): Promise<void> {
  const { service } = definition;
  const asked = new AbortController();
  let logger: ProcessLogger = createLogger({ service, name: service, level: 'info' });
  const fail = (error: unknown): never => {
    const { reason, message, mend, exitCode } = startFailure(error);
    const stack = reason === 'INTERNAL' && error instanceof Error ? error.stack : undefined;
    logger.error({ event: 'service_failed', reason, message, mend, stack });
    process.exit(exitCode);
  };
  process.on('uncaughtException', fail).on('unhandledRejection', fail);
  try {
    const read = () => loadConfig(definition.schema, { argv: process.argv.slice(2), env: process.env, cwd: process.cwd(), program: service });
    const loaded = await read();
    if (loaded.type !== 'run') return print(loaded.type === 'help' ? loaded.text : JSON.stringify({ event: 'config_checked', digest: loaded.digest, config: loaded.effective }));
    const config = loaded.config as z.infer<Schema> & ServiceSettings;
    logger = createLogger({ service, name: config.name, level: config.logLevel });
    logGrpc(logger);
    warnings.logTo(logger);
    const starting = startService(definition, { config, effective: loaded.effective, env: process.env, logger, signal: asked.signal, fail, read: read as () => Promise<LoadedConfig<typeof config>> });
    reloadWhenAsked(starting, logger);
    stopWhenAsked(asked, starting, config, logger);
    // Whoever reads this may ask it to stop: it listens by now.
    logger.info({ event: 'service_starting', digest: loaded.digest, config: loaded.effective });
    const { ready } = await starting;
    setFlagsFromString('--semi-space-growth-factor=2'); // ends what `launch` began
    print(JSON.stringify(ready));
    logger.info({ ...ready });
  } catch (error) {
    // Asked to stop while it was starting: that is no failure.
    if (asked.signal.aborted) process.exit(0);
    fail(error);
  }
}

function stopWhenAsked(asked: AbortController, starting: Promise<RunningService>, settings: ServiceSettings, logger: Logger): void {
  let graceMs = settings.stopGraceMs;
  void starting.then(({ context }) => context.running.onReload((config) => void ({ stopGraceMs: graceMs } = config as ServiceSettings)), () => undefined);
  const stdin = process.env['BANYAN_STOP_WITH_STDIN'] === 'true' ? process.stdin : undefined;
  const stop = async (cause: string): Promise<void> => {
    logger.info({ event: 'service_stopping', cause });
    asked.abort();
    setTimeout(() => {
      logger.error({ event: 'stop_timed_out', graceMs });
      process.exit(1);
    }, graceMs).unref();
    const running = await starting.catch(() => undefined);
    if (running === undefined) return;
    await running.stop();
    logger.info({ event: 'service_stopped' });
    process.exit(0);
  };
  const abandon = (cause: string): void => {
    logger.warn({ event: 'stop_abandoned', cause });
    process.exit(1);
  };
  onStopAsked(process, stdin, { stop: (cause) => void stop(cause), abandon }, () => performance.now());
}

// Without a listener SIGHUP would end the process; asked while it starts, it reloads when it is up.
function reloadWhenAsked(starting: Promise<RunningService>, logger: ProcessLogger): void {
  void starting.then(({ context }) => context.running.onReload((config) => logger.setLevel((config as ServiceSettings).logLevel)), () => undefined);
  process.on('SIGHUP', () => void starting.then((service) => service.reload(), () => undefined));
}

// What GRPC_VERBOSITY asks grpc-js to say comes as JSON lines too.
function logGrpc(logger: Logger): void {
  const note = (...parts: unknown[]): void => logger.debug({ event: 'grpc' }, parts.map(String).join(' '));
  setLogger({ error: note, info: note, debug: note });
}

function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}
