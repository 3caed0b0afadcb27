import { Module, type DynamicModule } from '@nestjs/common';
import type { Overlay } from '@banyan/host';
import { MulticastHandler } from './api/multicast.handler.ts';
import { OverlayHandler } from './api/overlay.handler.ts';
import type { DescriptorSource } from './groups/descriptor-source.ts';
import type { NodeLife } from './node-life.ts';
import { DESCRIPTORS, LIFE, OVERLAY, SELF, type SelfNode } from './ports.ts';

/** What the handlers of a node stand on. */
export interface NodeParts {
  readonly overlay: Overlay;
  readonly self: SelfNode;
  readonly descriptors: DescriptorSource;
  readonly life: NodeLife;
}

/** The API of a node, over a running overlay. */
@Module({})
export class PastryNodeModule {
  static of({ overlay, self, descriptors, life }: NodeParts): DynamicModule {
    return {
      module: PastryNodeModule,
      controllers: [OverlayHandler, MulticastHandler],
      providers: [
        { provide: OVERLAY, useValue: overlay },
        { provide: SELF, useValue: self },
        { provide: DESCRIPTORS, useValue: descriptors },
        { provide: LIFE, useValue: life },
      ],
    };
  }
}
