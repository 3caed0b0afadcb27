import { assertNever } from '@banyan/sansio';
import type { Logger, Tracer } from '@banyan/telemetry';
import type { Attachments } from './attachments.ts';
import { FrameSpans } from './frame-spans.ts';
import { HopSpans } from './hop-spans.ts';
import type { HostGroups } from './host-groups.ts';
import type { HostMetrics } from './host-metrics.ts';
import type { HostEffect } from './machine.ts';
import type { NeighborWatch } from './neighbor-watch.ts';
import type { PeerSide } from './peer-side.ts';
import type { Questions } from './questions.ts';

/** Who carries out what the machine says. */
export interface EffectParts {
  readonly peers: PeerSide;
  readonly metrics: HostMetrics;
  readonly tracer: Tracer;
  readonly log: Logger;
  readonly questions: Questions;
  readonly attachments: Attachments;
  readonly neighbors: NeighborWatch;
  readonly groups: HostGroups;
  readonly readyChanged: (ready: boolean) => void;
}

/** Carries out the effects of the machine: to the links, to whoever waits in this process, to log, metrics and spans. */
export class Effects {
  readonly #parts: EffectParts;
  readonly #spans: HopSpans;
  readonly #frameSpans: FrameSpans;

  constructor(parts: EffectParts) {
    this.#parts = parts;
    this.#spans = new HopSpans(parts.tracer);
    this.#frameSpans = new FrameSpans(parts.tracer);
  }

  perform(effect: HostEffect): void {
    const { peers, metrics, log, neighbors, readyChanged } = this.#parts;
    metrics.performed(effect);
    switch (effect.type) {
      case 'send':
        return this.#send(effect);
      case 'sendDirect':
        return peers.send(effect.to, { type: 'direct', app: effect.app, body: effect.body });
      case 'hopDone': {
        const hop = this.#spans.done(effect.hopId, effect.outcome, effect.roundTripMs);
        if (hop !== undefined) metrics.hopDone(hop, effect.outcome, effect.roundTripMs);
        return;
      }
      case 'dial':
        return peers.dial(effect.to);
      case 'hangUp':
        return peers.data.hangUp(effect.link);
      case 'fanOut':
        return effect.app === 'multicast' ? peers.fanOut(effect.links, effect.frame, this.#frameSpans.fannedOut(effect.frame, effect.links.length)) : undefined;
      case 'event':
        return this.#tell(effect);
      case 'leafSetChanged':
        return neighbors.changed(effect.gained, effect.lost);
      case 'readyChanged':
        return readyChanged(effect.ready);
      case 'peerFault':
        log.warn({ event: 'peer_fault', peer: effect.peer.id, fault: effect.fault });
        return peers.punish(effect.peer, effect.fault);
      case 'peerDead':
        return log.info({ event: 'peer_dead', peer: effect.peer.id });
      case 'note':
        return log.info({ event: effect.note, ...(effect.peer === undefined ? {} : { peer: effect.peer.id }) });
      case 'delivered':
      case 'drop':
        return undefined;
      default:
        return assertNever(effect);
    }
  }

  #send({ to, message, hop }: Extract<HostEffect, { readonly type: 'send' }>): void {
    if (hop === undefined || message.type !== 'envelope') return this.#parts.peers.send(to, { type: 'ring', message });
    const trace = this.#spans.sent(hop, to);
    const envelope = trace === undefined ? message.envelope : { ...message.envelope, trace };
    this.#parts.peers.send(to, { type: 'ring', message: { ...message, envelope } });
  }

  #tell(effect: Extract<HostEffect, { readonly type: 'event' }>): void {
    switch (effect.app) {
      case 'lookup':
        return this.#parts.questions.onLookup(effect.event);
      case 'attached':
        if (effect.event.type === 'routed' || effect.event.type === 'routeFailed') return this.#parts.questions.onRoute(effect.event);
        return this.#parts.attachments.on(effect.event);
      case 'multicast':
        if (effect.event.type === 'note') this.#parts.log.info({ event: `group_${effect.event.note}`, group: effect.event.group });
        return this.#parts.groups.on(effect.event);
      default:
        return assertNever(effect);
    }
  }
}
