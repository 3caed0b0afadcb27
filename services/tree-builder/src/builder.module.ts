import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import type { Database } from '@banyan/database';
import type { Membership } from '@banyan/service-kit';
import type { BUILDER_METRICS, Metrics } from '@banyan/telemetry';
import { Advisor } from './advising/advisor.ts';
import { NodeMap } from './advising/node-map.ts';
import { BuilderHandler, COUNTERS } from './builder.handler.ts';
import { DescriptorSigner } from './keeping/descriptor-signer.ts';
import type { BuilderSchema } from './keeping/group-schema.ts';
import { Groups } from './keeping/groups.ts';
import { SqlGroupStore } from './keeping/sql-group-store.ts';
import { CoverageBoard } from './picturing/coverage-board.ts';
import { TreePictures } from './picturing/tree-pictures.ts';
import { Planner } from './planning/planner.ts';

const MEMBERSHIP = Symbol('builder.membership');
const DATABASE = Symbol('builder.database');

/** What the tree builder stands on. */
export interface BuilderPorts {
  readonly membership: Membership;
  readonly database: Database<BuilderSchema>;
  readonly pictures: TreePictures;
  readonly map: NodeMap;
  readonly advisor: Advisor;
  readonly metrics: Metrics<typeof BUILDER_METRICS>;
}

/** The tree builder, put together. */
@Module({})
export class BuilderModule implements OnApplicationShutdown {
  static of({ membership, database, pictures, map, advisor, metrics }: BuilderPorts): DynamicModule {
    const signer = new DescriptorSigner(membership.credentials);
    membership.onRenewed((credentials) => signer.renew(credentials));
    return {
      module: BuilderModule,
      controllers: [BuilderHandler],
      providers: [
        { provide: MEMBERSHIP, useValue: membership },
        { provide: DATABASE, useValue: database },
        { provide: DescriptorSigner, useValue: signer },
        { provide: Groups, useValue: new Groups(new SqlGroupStore(database), Date.now) },
        { provide: TreePictures, useValue: pictures },
        { provide: CoverageBoard, useValue: new CoverageBoard() },
        { provide: NodeMap, useValue: map },
        { provide: Advisor, useValue: advisor },
        { provide: Planner, useValue: new Planner(pictures, map) },
        { provide: COUNTERS, useValue: metrics },
      ],
    };
  }

  constructor(
    @Inject(MEMBERSHIP) private readonly membership: Membership,
    @Inject(DATABASE) private readonly database: Database<BuilderSchema>,
  ) {}

  onApplicationShutdown(): Promise<void> {
    this.membership.close();
    return this.database.close();
  }
}
