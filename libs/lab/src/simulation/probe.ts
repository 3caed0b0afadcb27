import type { Id } from '@banyan/ids';
import type { Application, Downcall, Envelope, Upcall } from '@banyan/kbr';
import type { Applications } from '@banyan/overlay';
import type { Json, Millis } from '@banyan/sansio';

/** What a probe carries: the number under which the experiment knows it. */
export interface ProbeBody {
  readonly probe: number;
}

export interface ProbeCommand {
  readonly type: 'send';
  readonly probe: number;
  readonly key: Id;
  /** k, when the probe is for the nearest of the k nodes closest to the key. */
  readonly nearestOf?: number;
}

export interface ProbeEvent {
  readonly type: 'arrived';
  readonly probe: number;
  readonly envelope: Envelope<ProbeBody>;
}

/** The smallest application: routes one numbered message, and tells where it arrived. Measures nothing itself. */
export class Probe implements Application<ProbeBody, ProbeCommand, ProbeEvent> {
  readonly intercepts = false;

  handle(
    _now: Millis,
    input: Upcall<ProbeBody> | { readonly type: 'command'; readonly command: ProbeCommand },
  ): readonly (Downcall<ProbeBody> | { readonly type: 'event'; readonly event: ProbeEvent })[] {
    if (input.type === 'command') {
      const { key, nearestOf, probe } = input.command;
      return [{ type: 'route', key, body: { probe }, ...(nearestOf === undefined ? {} : { nearestOf }) }];
    }
    if (input.type !== 'deliver') return [];
    const { envelope } = input;
    return [{ type: 'event', event: { type: 'arrived', probe: envelope.body.probe, envelope } }];
  }

  deadline(): undefined {
    return undefined;
  }

  state(): Json {
    return {};
  }
}

/** What every simulated node has; experiments add their own. */
export type ProbeApplications = { readonly probe: Probe } & Applications;
