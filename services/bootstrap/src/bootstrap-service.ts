import { bootstrap } from '@banyan/proto';
import { becomeMember, type PreparedService, type ServiceContext, type ServiceDefinition } from '@banyan/service-kit';
import { bootstrapSchema, type BootstrapConfig } from './bootstrap.config.ts';
import { BootstrapModule } from './bootstrap.module.ts';

/** The bootstrap service: where a newcomer finds someone to join through. */
export const bootstrapService: ServiceDefinition<typeof bootstrapSchema> = { service: 'bootstrap', schema: bootstrapSchema, prepare };

async function prepare(context: ServiceContext<BootstrapConfig>): Promise<PreparedService> {
  const { apiListen, peerListen, leaseMs } = context.config;
  const membership = await becomeMember(context, 'bootstrap', [apiListen, peerListen]);
  const services = [bootstrap.BootstrapServiceService];
  return {
    module: BootstrapModule.of(membership, leaseMs),
    tokenVerifier: membership.tokenVerifier,
    listeners: [
      { name: 'api', listen: apiListen, credentials: membership.apiCredentials, services, hasReflection: true },
      { name: 'peer', listen: peerListen, credentials: membership.peerCredentials, services, hasReflection: false },
    ],
  };
}
