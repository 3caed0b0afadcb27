import type { ControlView, ServiceView } from '../contract.ts';
import { HealthCall, type Health } from './health-call.ts';
import type { RingWatch } from './ring-watch.ts';
import { rest, type Tell, type TopicSource } from './topic.ts';

/** A service of the control plane, and what its absence stops. */
export interface WatchedService {
  readonly name: string;
  readonly address: string;
  readonly meaning: string;
}

const LOOK_EVERY_MS = 2_000;

/** The health of the control plane. */
export class ControlWatch implements TopicSource {
  #last: ControlView | undefined;

  constructor(
    private readonly services: readonly WatchedService[],
    private readonly authority: string,
    private readonly ring: RingWatch,
  ) {}

  welcome(tell: Tell): void {
    if (this.#last !== undefined) tell('control', this.#last);
  }

  async watch(tell: Tell, signal: AbortSignal): Promise<void> {
    const using = this.ring.use(signal);
    const calls = this.services.map((service) => ({ ...service, call: new HealthCall(service.address, this.authority) }));
    while (!signal.aborted) {
      const services = await Promise.all(calls.map(async ({ call, ...service }) => this.#view(service, await call.ask())));
      const nodes = this.ring.map.nodes;
      this.#last = { services, nodes: { known: nodes.length, ready: nodes.filter(({ ready }) => ready).length }, atMs: Date.now() };
      tell('control', this.#last);
      await rest(LOOK_EVERY_MS, signal);
    }
    for (const { call } of calls) call.close();
    await using;
  }

  #view(service: WatchedService, health: Health): ServiceView {
    const before = this.#last?.services.find(({ name }) => name === service.name);
    return { ...service, ...health, sinceMs: before?.state === health.state ? before.sinceMs : Date.now() };
  }
}
