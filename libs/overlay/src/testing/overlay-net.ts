import { randomId, type Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import { LOCAL_PASTRY_CONFIG } from '@banyan/pastry';
import { seededRng, type Millis, type Rng } from '@banyan/sansio';
import type { Applications, OverlayEffect, OverlayInput } from '../contract.ts';
import { createOverlayNode, type ApplicationParts, type BuiltinApplications } from '../create-overlay-node.ts';
import type { OverlayNode } from '../overlay-node.ts';

type All<A extends Applications> = BuiltinApplications & A;

export interface Seen<A extends Applications> {
  readonly at: Id;
  readonly time: Millis;
  readonly effect: OverlayEffect<All<A>>;
}

const LATENCY_MS = 5;

/** Overlay nodes joined to one ring, every message five milliseconds away; links are not simulated. */
export class OverlayNet<A extends Applications> {
  now: Millis = 0;
  readonly seen: Seen<A>[] = [];
  readonly rng: Rng;
  readonly handles: NodeHandle[] = [];
  /** Messages for which this says true are lost. */
  loses: (from: Id, to: Id, type: string) => boolean = () => false;
  readonly #nodes = new Map<Id, OverlayNode<All<A>>>();
  readonly #applications: (parts: ApplicationParts) => A;
  #inFlight: { readonly time: Millis; readonly to: Id; readonly input: OverlayInput<All<A>> }[] = [];

  constructor(options: { readonly seed: number; readonly nodes: number; readonly applications: (parts: ApplicationParts) => A }) {
    this.rng = seededRng(options.seed);
    this.#applications = options.applications;
    for (let i = 0; i < options.nodes; i++) {
      this.#add();
      this.run(this.now + 2_000);
    }
  }

  node(index: number): OverlayNode<All<A>> {
    return this.#nodes.get(this.handles[index]!.id)!;
  }

  crash(id: Id): void {
    this.#nodes.delete(id);
  }

  input(id: Id, input: OverlayInput<All<A>>): void {
    const node = this.#nodes.get(id);
    if (node === undefined) return;
    const from = this.handles.find((handle) => handle.id === id)!;
    for (const effect of node.handle(this.now, input)) {
      this.seen.push({ at: id, time: this.now, effect });
      if (effect.type === 'send') this.#send(from, effect.to.id, effect.message.type, { type: 'message', from, message: effect.message });
      if (effect.type === 'sendDirect') {
        this.#send(from, effect.to.id, 'direct', { type: 'direct', app: effect.app, from, body: effect.body } as OverlayInput<All<A>>);
      }
    }
  }

  /** Everything that happened until `until`, messages in order of arrival, alarms when they are due. */
  run(until: Millis): void {
    for (;;) {
      const message = this.#inFlight.reduce((first, each) => (each.time < first.time ? each : first), { time: Infinity, to: '' as Id, input: { type: 'tick' } as OverlayInput<All<A>> });
      let alarm: { readonly id: Id; readonly time: Millis } = { id: '' as Id, time: Infinity };
      for (const [id, node] of this.#nodes) {
        const time = node.deadline() ?? Infinity;
        if (time < alarm.time) alarm = { id, time };
      }
      if (Math.min(message.time, alarm.time) > until) break;
      this.now = Math.max(this.now, Math.min(message.time, alarm.time));
      if (alarm.time < message.time) {
        this.input(alarm.id, { type: 'tick' });
      } else {
        this.#inFlight = this.#inFlight.filter((each) => each !== message);
        this.input(message.to, message.input);
      }
    }
    this.now = until;
  }

  /** The events of one application at one node, or at all. */
  events(app: string, at?: Id): unknown[] {
    return this.seen.flatMap(({ at: node, effect }) => (effect.type === 'event' && effect.app === app && (at === undefined || node === at) ? [effect.event] : []));
  }

  #add(): void {
    const id = randomId(this.rng);
    const self: NodeHandle = { id, incarnation: 1, controlAddress: `${this.handles.length}:1`, dataAddress: '', region: '', zone: '', capacity: 8 };
    this.#nodes.set(id, createOverlayNode({ self, rng: this.rng.fork(), config: LOCAL_PASTRY_CONFIG, applications: this.#applications }));
    const seeds = [...this.handles];
    this.handles.push(self);
    this.input(id, { type: 'join', seeds });
  }

  #send(from: NodeHandle, to: Id, type: string, input: OverlayInput<All<A>>): void {
    if (!this.loses(from.id, to, type)) this.#inFlight.push({ time: this.now + LATENCY_MS, to, input });
  }
}
