import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { assertAuthority, OverlayError } from '@banyan/grpc';
import { createTokenVerifier, TokenKeyCache } from '@banyan/identity';
import type { PreparedService, ServiceContext, ServiceDefinition } from '@banyan/service-kit';
import { CONSOLE_METRICS } from '@banyan/telemetry';
import { Actions } from './acting/actions.ts';
import { AuditLog } from './acting/audit-log.ts';
import { Drains } from './acting/drains.ts';
import { consoleSchema, type ConsoleConfig } from './console.config.ts';
import { WebModule } from './console.module.ts';
import { openWebServer } from './http/web-server.ts';
import { Streams } from './http/streams.ts';
import { placesOfRegions } from './places/region-places.ts';
import { worldOutline } from './places/world-outline.ts';
import type { WatchedService } from './watching/control-watch.ts';
import { Hub } from './watching/hub.ts';
import { NodeClients } from './watching/node-clients.ts';
import { OwnToken } from './watching/own-token.ts';
import { RingWatch } from './watching/ring-watch.ts';
import { Topics } from './watching/topics.ts';

/** The console: a web page that shows the overlay live, and lets an administrator act. */
export const consoleService: ServiceDefinition<typeof consoleSchema> = { service: 'console', schema: consoleSchema, prepare };

async function prepare({ config, logger, metrics: registry, readiness }: ServiceContext<ConsoleConfig>): Promise<PreparedService> {
  const metrics = registry.register(CONSOLE_METRICS);
  const authority = await readAuthority(config.authorityFile);
  const keys = await TokenKeyCache.open({ url: config.jwksUrl, file: join(config.dataDir, 'token-keys.json'), authority, now: () => performance.now() });
  void keys.refresh();
  const ending = new AbortController();
  readiness.set('token', false);
  const token = new OwnToken({ address: config.authAddress, authority, subject: config.subject, secret: config.secret }, logger, () => readiness.set('token', true));
  const { treeBuilderAddress, bootstrapAddress } = config;
  const clients = new NodeClients(authority, () => token.current, treeBuilderAddress);
  const ring = new RingWatch({ bootstrapAddress, authority, token: () => token.current, clients, logger });
  const audit = await AuditLog.open(config.dataDir, logger);
  const drains = new Drains(clients);
  const hub = new Hub();
  const topics = new Topics({ ring, clients, audit, drains, authority, treeBuilderAddress, services: watchedServices(config) });
  const streams = new Streams(hub, topics, metrics);
  const actions = new Actions({ ring, clients, audit, drains, treeBuilderAddress, counted: (outcome) => metrics.actions.add(1, { outcome }) });
  const world = { outline: await worldOutline(), regions: await placesOfRegions(config.regionsFile) };
  registry.beforeScrape(() => metrics.topics.set(hub.size));
  const web = await openWebServer(WebModule.of({ verifier: createTokenVerifier(keys), streams, actions, world }), config, logger);
  const close = async (): Promise<void> => {
    ending.abort();
    streams.close();
    hub.close();
    await web.close();
    ring.close();
    clients.close();
  };
  return {
    module: ConsoleLife.of(close),
    listeners: [],
    addresses: { web: web.url },
    started: () => void token.keep(ending.signal),
  };
}

const CLOSE = Symbol('console.close');

/** Ends the console with the process. */
@Module({})
class ConsoleLife implements OnApplicationShutdown {
  static of(close: () => Promise<void>): DynamicModule {
    return { module: ConsoleLife, providers: [{ provide: CLOSE, useValue: close }] };
  }

  constructor(@Inject(CLOSE) private readonly close: () => Promise<void>) {}

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }
}

function watchedServices({ authAddress, bootstrapAddress, treeBuilderAddress }: ConsoleConfig): readonly WatchedService[] {
  return [
    { name: 'auth', address: authAddress, meaning: 'Without it nobody enrolls and nobody gets a token; what runs goes on.' },
    { name: 'bootstrap', address: bootstrapAddress, meaning: 'Without it newcomers use the last list they know; what runs goes on.' },
    { name: 'tree-builder', address: treeBuilderAddress, meaning: 'Without it groups are neither made nor changed, and trees are not shown; streams go on.' },
  ];
}

async function readAuthority(file: string): Promise<string> {
  const authority = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new OverlayError('FILE_NOT_FOUND', `cannot read the authority's certificate ${file}: ${cause.message}`, { file }, { cause });
  });
  assertAuthority(authority);
  return authority;
}
