import { Module, type DynamicModule } from '@nestjs/common';
import type { Overlay } from '@banyan/host';
import { DrainHandler } from './api/drain.handler.ts';
import { MulticastHandler } from './api/multicast.handler.ts';
import { OverlayHandler } from './api/overlay.handler.ts';
import type { AttachedClients } from './drain/attached-clients.ts';
import { DrainController } from './drain/drain.controller.ts';
import type { Drain } from './drain/drain.ts';
import type { DescriptorSource } from './groups/descriptor-source.ts';
import type { NodeLife } from './node-life.ts';
import { CLIENTS, DESCRIPTORS, DRAIN, GRACE_MS, LIFE, OVERLAY, SELF, type SelfNode } from './ports.ts';

/** What the handlers of a node stand on. */
export interface NodeParts {
  readonly overlay: Overlay;
  readonly self: SelfNode;
  readonly descriptors: DescriptorSource;
  readonly life: NodeLife;
  readonly clients: AttachedClients;
  readonly drain: Drain;
  /** How long a drain may take, as configured now, ms. */
  readonly graceMs: () => number;
}

/** The API of a node, over a running overlay. */
@Module({})
export class PastryNodeModule {
  static of({ overlay, self, descriptors, life, clients, drain, graceMs }: NodeParts): DynamicModule {
    return {
      module: PastryNodeModule,
      controllers: [OverlayHandler, MulticastHandler, DrainHandler, DrainController],
      providers: [
        { provide: OVERLAY, useValue: overlay },
        { provide: SELF, useValue: self },
        { provide: DESCRIPTORS, useValue: descriptors },
        { provide: LIFE, useValue: life },
        { provide: CLIENTS, useValue: clients },
        { provide: DRAIN, useValue: drain },
        { provide: GRACE_MS, useValue: graceMs },
      ],
    };
  }
}
