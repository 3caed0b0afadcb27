import { randomId, type Id } from '@banyan/ids';
import type { Envelope, HopId, NodeHandle } from '@banyan/kbr';
import type { CommandOf, OverlayEffect } from '@banyan/overlay';
import type { PastryMessage } from '@banyan/pastry';
import type { Millis } from '@banyan/sansio';
import type { Host } from '@banyan/simulator';
import { LookupOracle, type JudgedArrival, type Judge } from './lookup-oracle.ts';
import type { OverlaySimulation } from './overlay-simulation.ts';
import type { ProbeApplications, ProbeBody, ProbeCommand, ProbeEvent } from './probe.ts';
import { exponential } from './random-variates.ts';

type EnvelopeMessage = Extract<PastryMessage, { readonly type: 'envelope' }>;

/** Sends lookups from random ready nodes to random keys and has an oracle judge what becomes of them. */
export class LookupLoad<A extends ProbeApplications> {
  readonly oracle: LookupOracle;
  readonly #simulation: OverlaySimulation<A>;
  /** Hops that wait for their acknowledgement, and the lookup each carries. */
  readonly #underWay = new Map<Host, Map<HopId, number>>();
  #sent = 0;
  #repeats = 0;

  /** `arrived` is told of every first delivery; `judge` says who may deliver, the true ring unless the world is to be split. */
  constructor(
    simulation: OverlaySimulation<A>,
    { arrived = () => undefined, judge = simulation.ring }: { readonly arrived?: (arrival: JudgedArrival) => void; readonly judge?: Judge } = {},
  ) {
    this.#simulation = simulation;
    this.oracle = new LookupOracle({ ring: judge, idOf: (host) => simulation.idOf(host), arrived });
    simulation.observe({
      message: (host, message) => {
        if (message.type === 'hopAck') this.#acknowledged(host, message.hopId);
      },
      step: (now, host, input, effects) => {
        if (input.type === 'message' && input.message.type === 'envelope') this.#received(now, host, input.from, { message: input.message, effects });
      },
      sent: (host, message) => this.#forwarded(host, message),
      event: (now, host, app, event) => {
        if (app === 'probe') this.#arrived(now, host, event as ProbeEvent);
      },
      unready: (host) => this.oracle.steppedBack(host),
      crashed: (now, host) => {
        this.#underWay.delete(host);
        this.oracle.died(host, now);
      },
      ended: (_now, host) => {
        this.#underWay.delete(host);
        this.oracle.ended(host);
      },
    });
  }

  /** Messages sent so far that carried a lookup from a node that had sent it on before: retransmissions and other ways. */
  get repeats(): number {
    return this.#repeats;
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

  /** Lookups at random instants until `until`, of every ready node so many a second on average. */
  runPoisson(perNodePerSecond: number, until: Millis): void {
    const { world, ring, rng } = this.#simulation;
    const next = (): void => {
      const at = world.now + exponential(rng, 1_000 / (perNodePerSecond * Math.max(1, ring.size)));
      if (at > until) return;
      world.at(at, () => {
        this.send();
        next();
      });
    };
    if (perNodePerSecond > 0) next();
  }

  /** One lookup now; none while nobody is ready. */
  send(): void {
    const { rng } = this.#simulation;
    const from = this.#simulation.anyReady();
    if (from !== undefined) this.sendFrom(from, randomId(rng));
  }

  /** `nearestOf`: k, when it is for the nearest of the k nodes closest to the key. */
  sendFrom(from: Host, key: Id, nearestOf?: number): void {
    const probe = this.#sent++;
    this.oracle.sent(probe, { from, key, now: this.#simulation.world.now });
    const command: ProbeCommand = { type: 'send', probe, key, ...(nearestOf === undefined ? {} : { nearestOf }) };
    this.#simulation.command(from, 'probe', command as CommandOf<A['probe']>);
  }

  /** What a node acknowledges is in its care; what it does not take stays with the sender. */
  #received(now: Millis, by: Host, from: NodeHandle, { message, effects }: { readonly message: EnvelopeMessage; readonly effects: readonly OverlayEffect<A>[] }): void {
    const probe = probeIn(message);
    if (probe === undefined || !effects.some((effect) => effect.type === 'send' && effect.message.type === 'hopAck' && effect.message.hopId === message.hopId)) return;
    this.oracle.taken(probe, { by, hop: `${from.id}@${from.incarnation}:${message.hopId}`, now });
  }

  #acknowledged(host: Host, hopId: HopId): void {
    const ofHost = this.#underWay.get(host);
    const probe = ofHost?.get(hopId);
    if (ofHost === undefined || probe === undefined) return;
    // Earlier attempts at other hops are over, too.
    for (const [attempt, carried] of ofHost) if (carried === probe) ofHost.delete(attempt);
    if (ofHost.size === 0) this.#underWay.delete(host);
    this.oracle.handedOn(probe, host);
  }

  #forwarded(host: Host, message: PastryMessage): void {
    const probe = probeIn(message);
    if (probe === undefined || message.type !== 'envelope') return;
    const ofHost = this.#underWay.get(host) ?? new Map<HopId, number>();
    for (const carried of ofHost.values()) {
      if (carried !== probe) continue;
      this.#repeats += 1;
      break;
    }
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
