import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { EMPTY, type Observable } from 'rxjs';
import { z } from 'zod';
import type { TokenClaims } from '@banyan/identity';
import { overlay } from '@banyan/proto';
import { Call, FromToken, LOGGER, Request, RequireScope, send, type ResponseStream } from '@banyan/service-kit';
import type { Logger } from '@banyan/telemetry';
import type { Drain } from '../drain/drain.ts';
import type { DrainState, DrainStep, DrainStepName } from '../drain/drain-steps.ts';
import { DRAIN, GRACE_MS } from '../ports.ts';

/** An hour: nothing that a drain waits for takes longer. */
const GRACE_MS_MAX = 3_600_000;
const drainRequest = z.object({ graceMs: z.number().int().min(0).max(GRACE_MS_MAX) });

/** OverlayService.Drain: takes this node out of the ring while whoever asked looks on. */
@Controller()
export class DrainHandler {
  constructor(
    @Inject(DRAIN) private readonly drain: Drain,
    @Inject(GRACE_MS) private readonly graceMs: () => number,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @GrpcMethod('OverlayService', 'Drain')
  @RequireScope('admin')
  async drainNode(@Request(drainRequest) { graceMs }: { readonly graceMs: number }, @Call() call: ResponseStream<overlay.DrainResponse>, @FromToken() caller: TokenClaims): Promise<Observable<never>> {
    if (!this.drain.isUnderWay) this.logger.info({ event: 'drain_asked', subject: caller.subject });
    void this.drain.run(graceMs === 0 ? this.graceMs() : graceMs);
    for await (const steps of this.drain.watch()) if (!(await send(call, { steps: steps.map(toStep), done: this.drain.isDone }))) break;
    return EMPTY;
  }
}

function toStep({ name, state, left, deadlineMs, elapsedMs }: DrainStep): overlay.DrainStep {
  return { name: NAMES[name], state: STATES[state], left, deadlineMs, elapsedMs };
}

const { DrainStepName: Name, DrainState: State } = overlay;
const NAMES: Readonly<Record<DrainStepName, overlay.DrainStepName>> = {
  refuse: Name.REFUSE,
  roots: Name.ROOTS,
  voters: Name.VOTERS,
  children: Name.CHILDREN,
  clients: Name.CLIENTS,
  range: Name.RANGE,
  leave: Name.LEAVE,
};
const STATES: Readonly<Record<DrainState, overlay.DrainState>> = { waiting: State.WAITING, running: State.RUNNING, done: State.DONE, late: State.LATE };
