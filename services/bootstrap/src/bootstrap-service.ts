import { bootstrap, type overlay } from '@banyan/proto';
import { becomeMember, type PreparedService, type ServiceContext, type ServiceDefinition } from '@banyan/service-kit';
import { BOOTSTRAP_METRICS, type MetricsRegistry } from '@banyan/telemetry';
import { bootstrapSchema, type BootstrapConfig } from './bootstrap.config.ts';
import { BootstrapModule } from './bootstrap.module.ts';
import { SupernodeDirectory } from './supernode-directory.ts';

/** The bootstrap service: where a newcomer finds someone to join through. */
export const bootstrapService: ServiceDefinition<typeof bootstrapSchema> = { service: 'bootstrap', schema: bootstrapSchema, prepare };

async function prepare(context: ServiceContext<BootstrapConfig>): Promise<PreparedService> {
  const { apiListen, peerListen, leaseMs } = context.config;
  const membership = await becomeMember(context, 'bootstrap', [apiListen, peerListen]);
  const directory = new SupernodeDirectory<overlay.Node>(leaseMs);
  observe(directory, context.metrics);
  membership.onRevoked((revoked) => revoked.forEach((id) => directory.deregister(id)));
  const services = [bootstrap.BootstrapServiceService];
  return {
    module: BootstrapModule.of(membership, directory),
    tokenVerifier: membership.tokenVerifier,
    certificatesExpire: membership.certificatesExpire,
    isRevoked: (peer) => membership.isRevoked(peer),
    listeners: [
      { name: 'api', listen: apiListen, credentials: membership.apiCredentials, services, hasReflection: true },
      { name: 'peer', listen: peerListen, credentials: membership.peerCredentials, services, hasReflection: false },
    ],
  };
}

function observe(directory: SupernodeDirectory<overlay.Node>, registry: MetricsRegistry): void {
  const { supernodes, leasesExpired } = registry.register(BOOTSTRAP_METRICS);
  let told = 0;
  registry.beforeScrape(() => {
    const { ready, joining } = directory.count(performance.now());
    supernodes.set(ready, { state: 'ready' });
    supernodes.set(joining, { state: 'joining' });
    leasesExpired.add(directory.expired - told);
    told = directory.expired;
  });
}
