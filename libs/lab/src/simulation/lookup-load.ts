import { randomId, type Id } from '@banyan/ids';
import type { Envelope, HopId } from '@banyan/kbr';
import type { CommandOf } from '@banyan/overlay';
import type { PastryMessage } from '@banyan/pastry';
import type { Millis } from '@banyan/sansio';
import type { Host } from '@banyan/simulator';
import { LookupOracle } from './lookup-oracle.ts';
import type { OverlaySimulation } from './overlay-simulation.ts';
import type { ProbeApplications, ProbeBody, ProbeCommand, ProbeEvent } from './probe.ts';

/** Sends lookups from random ready nodes to random keys and has an oracle judge what becomes of them. */
export class LookupLoad<A extends ProbeApplications> {
  readonly oracle: LookupOracle;
  readonly #simulation: OverlaySimulation<A>;
  /** Hops that wait for their acknowledgement, and the lookup each carries. */
  readonly #underWay = new Map<Host, Map<HopId, number>>();
  #sent = 0;

  constructor(simulation: OverlaySimulation<A>) {
    this.#simulation = simulation;
    this.oracle = new LookupOracle({ ring: simulation.ring, idOf: (host) => simulation.idOf(host) });
    simulation.observe({
      message: (host, message) => this.#received(host, message),
      sent: (host, message) => this.#forwarded(host, message),
      event: (now, host, app, event) => {
        if (app === 'probe') this.#arrived(now, host, event as ProbeEvent);
      },
      unready: (host) => this.oracle.steppedBack(host),
      crashed: (_now, host) => {
        this.#underWay.delete(host);
        this.oracle.died(host);
      },
    });
  }

  /** One lookup every `periodMs`, from now until `until`. */
  run(periodMs: Millis, until: Millis): void {
    const { world } = this.#simulation;
    const next = (): void => {
      this.send();
      if (world.now + periodMs <= until) world.at(world.now + periodMs, next);
    };
    next();
  }

  /** One lookup now; none while nobody is ready. */
  send(): void {
    const { rng } = this.#simulation;
    const from = this.#simulation.anyReady();
    if (from !== undefined) this.sendFrom(from, randomId(rng));
  }

  sendFrom(from: Host, key: Id): void {
    const probe = this.#sent++;
    this.oracle.sent(probe, { from, key, now: this.#simulation.world.now });
    const command: ProbeCommand = { type: 'send', probe, key };
    this.#simulation.command(from, 'probe', command as CommandOf<A['probe']>);
  }

  #received(host: Host, message: PastryMessage): void {
    const probe = probeIn(message);
    if (probe !== undefined) this.oracle.taken(probe, host);
    if (message.type !== 'hopAck') return;
    const acknowledged = this.#underWay.get(host)?.get(message.hopId);
    if (acknowledged === undefined) return;
    this.#underWay.get(host)?.delete(message.hopId);
    this.oracle.handedOn(acknowledged, host);
  }

  #forwarded(host: Host, message: PastryMessage): void {
    const probe = probeIn(message);
    if (probe === undefined || message.type !== 'envelope') return;
    const ofHost = this.#underWay.get(host) ?? new Map<HopId, number>();
    this.#underWay.set(host, ofHost.set(message.hopId, probe));
  }

  #arrived(now: Millis, host: Host, { probe, envelope }: ProbeEvent): void {
    this.oracle.arrived(probe, { at: host, hops: envelope.hops, now });
  }
}

function probeIn(message: PastryMessage): number | undefined {
  if (message.type !== 'envelope' || message.envelope.app !== 'probe') return undefined;
  return (message.envelope as Envelope<ProbeBody>).body.probe;
}
