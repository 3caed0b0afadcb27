import { Module, type DynamicModule, type INestApplication } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { AddressInfo } from 'node:net';
import type { Server as HttpServer } from 'node:http';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { z } from 'zod';
import { settingsOf, type EffectiveConfig, type LoadedConfig } from '@banyan/config';
import { listenError, observeServer } from '@banyan/grpc';
import { createMetricsRegistry, createTracer, SERVICE_METRICS, type Logger } from '@banyan/telemetry';
import { AdminController } from './admin/admin.controller.ts';
import type { RunningPage } from './admin/running-page.ts';
import { AccessGuard } from './calls/access.guard.ts';
import { observeCalls } from './calls/call-observer.ts';
import { serveHealth } from './calls/grpc-health.ts';
import { serveReflection } from './calls/grpc-reflection.ts';
import { GrpcTransport } from './calls/grpc-transport.ts';
import type { Listener } from './calls/listener.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { ErrorFilter } from './error.filter.ts';
import { nestLogger } from './nest-logger.ts';
import { Readiness } from './readiness.ts';
import { RunningConfig, type ReloadOutcome } from './running-config.ts';
import type { Addresses, PreparedService, ServiceContext, ServiceDefinition } from './service-definition.ts';
import { RUNNING_PAGE, ServicePortsModule } from './service-ports.ts';
import { joinAddress, splitAddress, type ServiceSettings } from './service-settings.ts';

/** The version told by `banyan_build_info`. */
const VERSION = '0.1.0';
const MS_PER_S = 1_000;

/** The one line a service prints when it is up. */
export interface ReadyLine {
  readonly event: 'service_ready';
  readonly service: string;
  readonly name: string;
  readonly pid: number;
  readonly id?: string;
  readonly addresses: Addresses;
}

/** A service that is up. */
export interface RunningService {
  readonly ready: ReadyLine;
  readonly context: ServiceContext<unknown>;
  /** Reads the configuration again, as SIGHUP asks it to. */
  reload(): Promise<ReloadOutcome>;
  /** Stops in order: not ready, drained, listeners closed, spans sent, data directory free. Once; later calls wait for it. */
  stop(): Promise<void>;
}

/** What a process hands to a service that starts in it. */
export interface StartOptions<Config> {
  readonly config: Config;
  readonly effective: EffectiveConfig;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  /** Reads flags, variables and file again; without it nothing can be reloaded. */
  readonly read?: () => Promise<LoadedConfig<Config>>;
  /** Aborted when the process is asked to stop before it is up. */
  readonly signal?: AbortSignal;
  /** How the service ends itself later; without it the error is thrown where nobody catches it. */
  readonly fail?: (error: unknown) => void;
}

/**
 * Starts a service in this process: takes its data directory, prepares it, opens its listeners and its admin server.
 * What it opened is closed again when a later step fails. Rejects with the error of the step.
 */
export async function startService<Schema extends z.ZodObject>(
  definition: ServiceDefinition<Schema>,
  options: StartOptions<z.infer<Schema> & ServiceSettings>,
): Promise<RunningService> {
  const { config, env, logger, signal = new AbortController().signal, fail = throwUncaught } = options;
  const lock = lockDataDir(config.dataDir, logger);
  const metrics = createMetricsRegistry({ processMetrics: true });
  const tracer = await createTracer({ service: definition.service, instance: config.name, env, share: config.traceSampling });
  const { effective, read = () => Promise.resolve({ type: 'run' as const, config, effective, digest: '' }) } = options;
  const running = new RunningConfig({ settings: settingsOf(definition.schema), config, effective, read, logger });
  running.onReload(({ traceSampling }) => tracer.keep(traceSampling));
  const context = { config, running, env, logger, metrics, tracer, readiness: new Readiness(), signal, fail };
  let page: RunningPage = { service: definition.service, name: config.name, version: VERSION, addresses: {}, digest: running.digest, config: effective };
  let app: INestApplication | undefined;
  const stop = async (): Promise<void> => {
    context.readiness.beginStop();
    await app?.close();
    await tracer.close();
    lock.release();
  };
  try {
    context.readiness.set('listening', false);
    const prepared = await definition.prepare(context);
    const showRunning = (): RunningPage => ({ ...page, digest: running.digest, config: running.effective });
    const opened = await openApplication(prepared, context, showRunning, (made) => (app = made));
    const addresses = { ...prepared.addresses, ...opened.addresses, ...pagesOf(prepared, opened.addresses['admin']) };
    const identity = prepared.id === undefined ? {} : { id: prepared.id };
    page = { ...page, ...identity, addresses };
    const reloaded = observe(definition.service, context, running, prepared);
    await prepared.started?.(addresses);
    context.readiness.set('listening', true);
    const ready: ReadyLine = { event: 'service_ready', service: definition.service, name: config.name, pid: process.pid, ...identity, addresses };
    let stopped: Promise<void> | undefined;
    return { ready, context, reload: () => running.reload().then(reloaded), stop: () => (stopped ??= stop()) };
  } catch (error) {
    await stop().catch((fault: unknown) => logger.warn({ event: 'cleanup_failed', error: String(fault) }));
    throw error;
  }
}

function throwUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

// `keep` gets the application before it listens: a port that is taken must not leave the others open.
async function openApplication(
  prepared: PreparedService,
  context: ServiceContext<ServiceSettings>,
  showRunning: () => RunningPage,
  keep: (app: INestApplication) => void,
): Promise<{ readonly addresses: Addresses }> {
  const { config, logger } = context;
  const app = await NestFactory.create<NestExpressApplication>(rootModule(prepared, context, showRunning), {
    logger: nestLogger(logger),
    bodyParser: false,
    abortOnError: false,
    forceCloseConnections: true,
  });
  keep(app);
  app.disable('x-powered-by');
  const transports = prepared.listeners.map((listener) => ({ listener, transport: makeTransport(listener, context) }));
  for (const { transport } of transports) app.connectMicroservice<MicroserviceOptions>({ strategy: transport }, { inheritAppConfig: true });
  await app.init();
  await app.startAllMicroservices();
  const admin = splitAddress(config.adminListen);
  await listenHttp(app, admin);
  const server = app.getHttpServer() as HttpServer;
  const address = (listen: string, port: number): string => joinAddress(config.advertisedHost ?? splitAddress(listen).host, port);
  const grpc = transports.map(({ listener, transport }) => [listener.name, address(listener.listen, transport.port)]);
  // The admin server is for whoever runs this process: it is named as it listens, not as others reach it.
  return { addresses: { ...Object.fromEntries(grpc), admin: joinAddress(admin.host, (server.address() as AddressInfo).port) } };
}

// Not by Nest's own `listen`, which logs the error that it throws, so that there would be two.
async function listenHttp(app: INestApplication, { host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  const server = app.getHttpServer() as HttpServer;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(joinAddress(host, port), error)));
    server.listen(port, host, resolve);
  });
}

function rootModule(prepared: PreparedService, context: ServiceContext<ServiceSettings>, showRunning: () => RunningPage): DynamicModule {
  return {
    module: RootModule,
    imports: [ServicePortsModule.of(context, prepared), prepared.module],
    controllers: [AdminController],
    providers: [
      { provide: RUNNING_PAGE, useValue: showRunning },
      { provide: APP_GUARD, useClass: AccessGuard },
      { provide: APP_FILTER, useClass: ErrorFilter },
    ],
  };
}

@Module({})
class RootModule {}

function makeTransport(listener: Listener, context: ServiceContext<unknown>): GrpcTransport {
  return new GrpcTransport(listener, [observeServer(observeCalls(context.metrics, context.tracer))], (server) => {
    serveHealth(server, listener.services, context.readiness);
    if (listener.hasReflection) serveReflection(server, listener.services);
  });
}

function pagesOf(prepared: PreparedService, admin: string | undefined): Addresses {
  return Object.fromEntries(Object.entries(prepared.pages ?? {}).map(([key, path]) => [key, `http://${admin ?? ''}${path}`]));
}

/** Fills the metrics that every service has; gives what counts a reload. */
function observe<Config extends Readonly<Record<string, unknown>>>(service: string, context: ServiceContext<unknown>, running: RunningConfig<Config>, prepared: PreparedService): (outcome: ReloadOutcome) => ReloadOutcome {
  const { buildInfo, certificateLife, configReloads, ready } = context.metrics.register(SERVICE_METRICS);
  const tellBuild = (): void => buildInfo.only(1, { service, version: VERSION, config: running.digest });
  tellBuild();
  context.readiness.watch((isReady) => ready.set(isReady ? 1 : 0));
  context.metrics.beforeScrape(() => {
    for (const [certificate, at] of Object.entries(prepared.certificatesExpire?.() ?? {})) certificateLife.set((at - Date.now()) / MS_PER_S, { certificate });
  });
  return (outcome) => {
    tellBuild();
    configReloads.add(1, { outcome });
    return outcome;
  };
}
