import { join } from 'node:path';
import { openDatabase } from '@banyan/database';
import { builder } from '@banyan/proto';
import { becomeMember, type PreparedService, type ServiceContext, type ServiceDefinition } from '@banyan/service-kit';
import { BUILDER_METRICS } from '@banyan/telemetry';
import { builderSchema, type BuilderConfig } from './builder.config.ts';
import { BuilderModule } from './builder.module.ts';
import { builderMigrations, type BuilderSchema } from './keeping/group-schema.ts';
import { Advisor } from './advising/advisor.ts';
import { LinkPrices, readLinkPrices } from './advising/link-prices.ts';
import { NodeMap } from './advising/node-map.ts';
import { TreePictures } from './picturing/tree-pictures.ts';

/** The tree builder: the directory of groups, and the live picture of every tree. */
export const builderService: ServiceDefinition<typeof builderSchema> = { service: 'tree-builder', schema: builderSchema, prepare };

async function prepare(context: ServiceContext<BuilderConfig>): Promise<PreparedService> {
  const { adviceEveryMs, apiListen, databaseUrl, dataDir, linkPrices, peerListen } = context.config;
  const membership = await becomeMember(context, 'builder', [apiListen, peerListen]);
  const database = await openDatabase<BuilderSchema>({
    url: databaseUrl,
    file: join(dataDir, 'tree-builder.sqlite'),
    service: 'tree-builder',
    migrations: builderMigrations,
    onIdleError: (error) => context.logger.warn({ event: 'database_lost', error: error.message }),
  });
  const metrics = context.metrics.register(BUILDER_METRICS);
  const pictures = new TreePictures();
  const map = new NodeMap(linkPrices === undefined ? new LinkPrices() : await readLinkPrices(linkPrices));
  const advisor = new Advisor(pictures, map);
  context.metrics.beforeScrape(() => metrics.places.set(pictures.size(performance.now())));
  const services = [builder.TreeBuilderServiceService];
  return {
    module: BuilderModule.of({ membership, database, pictures, map, advisor, metrics }),
    tokenVerifier: membership.tokenVerifier,
    certificatesExpire: membership.certificatesExpire,
    isRevoked: (peer) => membership.isRevoked(peer),
    listeners: [
      { name: 'api', listen: apiListen, credentials: membership.apiCredentials, services, hasReflection: true },
      { name: 'peer', listen: peerListen, credentials: membership.peerCredentials, services, hasReflection: false },
    ],
    started() {
      let timer: NodeJS.Timeout | undefined;
      const lookEvery = (ms: number): void => {
        clearInterval(timer);
        timer = ms > 0 ? setInterval(() => advisor.look(performance.now(), Date.now()), ms).unref() : undefined;
      };
      lookEvery(adviceEveryMs);
      context.running.onReload((config) => lookEvery(config.adviceEveryMs));
    },
  };
}
