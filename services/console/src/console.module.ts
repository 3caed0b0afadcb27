import { Module, type DynamicModule } from '@nestjs/common';
import type { TokenVerifier } from '@banyan/identity';
import { Actions } from './acting/actions.ts';
import type { WorldView } from './contract.ts';
import { OverlayController, WORLD } from './http/overlay.controller.ts';
import { SessionController } from './http/session.controller.ts';
import { VERIFIER } from './http/session.ts';
import { Streams } from './http/streams.ts';

/** What the web page stands on. */
export interface WebPorts {
  readonly verifier: TokenVerifier;
  readonly streams: Streams;
  readonly actions: Actions;
  readonly world: WorldView;
}

/** The web page, put together. */
@Module({})
export class WebModule {
  static of({ verifier, streams, actions, world }: WebPorts): DynamicModule {
    return {
      module: WebModule,
      controllers: [SessionController, OverlayController],
      providers: [
        { provide: VERIFIER, useValue: verifier },
        { provide: Streams, useValue: streams },
        { provide: Actions, useValue: actions },
        { provide: WORLD, useValue: world },
      ],
    };
  }
}
