import { randomId, type Id } from '@banyan/ids';
import { Lookup, type LookupEvent } from '@banyan/overlay';
import { LOCAL_PASTRY_CONFIG } from '@banyan/pastry';
import type { Millis } from '@banyan/sansio';
import type { Host } from '@banyan/simulator';
import type { Progress } from '../report/progress.ts';
import { growRing } from '../simulation/grow.ts';
import { NodeFactory } from '../simulation/node-factory.ts';
import { OverlaySimulation } from '../simulation/overlay-simulation.ts';
import { churnFigures, LEASE_MS, READY_SHARE_MIN, type Asked, type RealChurnResults, type RealChurnSetup } from './churn-figures.ts';
import { Membership } from './membership.ts';

type Applications = { readonly lookup: Lookup };

const LEAF_SET = LOCAL_PASTRY_CONFIG.leafSetSize;
const LATENCY_MS: Millis = 1;
const SETTLE_MS: Millis = 10_000;
const DRAIN_MS: Millis = 60_000;
/** From the death of a process to the join of the next one in its place: a second or more of starting. */
const RESTART_MS_MIN: Millis = 2_500;
const RESTART_MS_SPREAD: Millis = 2_000;
/** Peers notice within so long that the sockets of a killed process are closed. */
const SOCKETS_MS: Millis = 5;
const SEEDS = 5;

/**
 * The same as `measureRealChurn` in virtual time: the same machines and figures, every message a millisecond away and no
 * processor ever busy. What is late here is late by the protocol; what is later among processes is the machine's.
 */
export function measureSimulatedChurn(setup: RealChurnSetup, progress: Progress): RealChurnResults {
  const run = new SimulatedChurn(setup);
  return run.go(progress);
}

class SimulatedChurn {
  readonly #setup: RealChurnSetup;
  readonly #simulation: OverlaySimulation<Applications>;
  readonly #membership = new Membership(LEASE_MS);
  readonly #sent: { readonly asker: Id; readonly key: Id; readonly sentAt: Millis }[] = [];
  readonly #asked: Asked[] = [];
  readonly #readyCounts: number[] = [];
  #kills = 0;
  #heldBack = 0;

  constructor(setup: RealChurnSetup) {
    const nodes = new NodeFactory<Applications>({ leafSet: LEAF_SET, digitBits: LOCAL_PASTRY_CONFIG.digitBits, config: LOCAL_PASTRY_CONFIG, applications: (view) => ({ lookup: new Lookup(view) }) });
    const topology = { name: 'one machine', hosts: setup.nodes, latencyMs: (from: Host, to: Host) => (from === to ? 0 : LATENCY_MS) };
    this.#setup = setup;
    this.#simulation = new OverlaySimulation<Applications>({ topology, seed: setup.seed, makeNode: nodes.make });
  }

  go(progress: Progress): RealChurnResults {
    const { seconds, killEveryMs, lookupEveryMs, nodes } = this.#setup;
    const { world } = this.#simulation;
    this.#simulation.observe({
      ready: (host) => this.#membership.ready(this.#simulation.idOf(host), world.now),
      unready: (host) => this.#membership.unready(this.#simulation.idOf(host), world.now),
      event: (now, _host, _app, event) => this.#answered(now, event as LookupEvent),
    });
    growRing(this.#simulation, nodes, progress);
    world.run(world.now + SETTLE_MS);
    const until = world.now + seconds * 1_000;
    this.#every(killEveryMs, until, () => this.#killOne());
    this.#every(lookupEveryMs, until, () => this.#ask());
    while (world.now < until) {
      progress.show('simulated churn', Math.round(seconds - (until - world.now) / 1_000), seconds);
      world.run(Math.min(until, world.now + 1_000));
    }
    world.run(until + DRAIN_MS);
    const nobody = this.#sent.filter((_, requestId) => this.#asked[requestId] === undefined).map((sent) => ({ ...sent, doneAt: sent.sentAt + DRAIN_MS, root: undefined }));
    const asked = [...this.#asked.filter((each) => each !== undefined), ...nobody];
    return churnFigures({ setup: this.#setup, membership: this.#membership, asked, lookupsSent: this.#sent.length, kills: this.#kills, killsHeldBack: this.#heldBack, readyCounts: this.#readyCounts });
  }

  #every(periodMs: Millis, until: Millis, act: () => void): void {
    const { world } = this.#simulation;
    const again = (): void => {
      act();
      if (world.now + periodMs < until) world.at(world.now + periodMs, again);
    };
    world.at(world.now + periodMs, again);
  }

  #killOne(): void {
    const { world, rng } = this.#simulation;
    const ready = this.#membership.readyNow;
    this.#readyCounts.push(ready.length);
    const id = rng.pick(ready);
    if (id === undefined || ready.length < this.#setup.nodes * READY_SHARE_MIN) return void this.#heldBack++;
    const host = this.#simulation.hostOf(id);
    const peer = this.#simulation.handle(host);
    this.#kills++;
    this.#simulation.crash(host);
    for (let other = 0; other < this.#setup.nodes; other++) {
      // The control link closes under whoever talked to it.
      world.at(world.now + rng.next() * SOCKETS_MS, () => {
        if (peer !== undefined && this.#simulation.handle(other) !== undefined) world.input(other, { type: 'suspect', peer });
      });
    }
    world.at(world.now + RESTART_MS_MIN + rng.next() * RESTART_MS_SPREAD, () => {
      this.#membership.started(id, world.now);
      this.#simulation.start(host, this.#simulation.seeds(SEEDS));
    });
  }

  #ask(): void {
    const { rng, world } = this.#simulation;
    const asker = rng.pick(this.#membership.readyNow);
    const key = randomId(rng);
    if (asker === undefined) return;
    const requestId = this.#sent.push({ asker, key, sentAt: world.now }) - 1;
    this.#simulation.command(this.#simulation.hostOf(asker), 'lookup', { type: 'lookup', requestId, key, replicas: 1 });
  }

  #answered(now: Millis, event: LookupEvent): void {
    const sent = event.type === 'found' || event.type === 'failed' ? this.#sent[event.requestId] : undefined;
    if (sent !== undefined && (event.type === 'found' || event.type === 'failed')) this.#asked[event.requestId] = { ...sent, doneAt: now, root: event.type === 'found' ? event.root.id : undefined };
  }
}
