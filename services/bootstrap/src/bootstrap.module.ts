import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import type { overlay } from '@banyan/proto';
import type { Membership } from '@banyan/service-kit';
import { BootstrapHandler } from './bootstrap.handler.ts';
import { SupernodeDirectory } from './supernode-directory.ts';

const MEMBERSHIP = Symbol('bootstrap.membership');

/** Bootstrap, put together. */
@Module({})
export class BootstrapModule implements OnApplicationShutdown {
  static of(membership: Membership, directory: SupernodeDirectory<overlay.Node>): DynamicModule {
    return {
      module: BootstrapModule,
      controllers: [BootstrapHandler],
      providers: [
        { provide: MEMBERSHIP, useValue: membership },
        { provide: SupernodeDirectory, useValue: directory },
      ],
    };
  }

  constructor(@Inject(MEMBERSHIP) private readonly membership: Membership) {}

  onApplicationShutdown(): void {
    this.membership.close();
  }
}
