import type { Id } from '@banyan/ids';
import { assertNever, type Millis } from '@banyan/sansio';
import type { OverlayEffect } from '@banyan/overlay';
import type { Host, Topology } from '@banyan/simulator';
import { OverlaySimulation } from '../simulation/overlay-simulation.ts';
import { NodeFactory } from '../simulation/node-factory.ts';
import { Probe, type ProbeApplications, type ProbeEvent } from '../simulation/probe.ts';
import { idOfName, type Action, type Scenario } from './scenario.ts';

const LATENCY_MS = 10;
const JOIN_MS: Millis = 60_000;
const AFTERMATH_MS: Millis = 2_000;

/**
 * Lets the scenario's nodes join one after the other, does its actions, and gives every shown line, times counted
 * from the first action. All pairs are 10 ms apart, nothing is lost, chance has one seed.
 */
export function runScenario(scenario: Scenario): string {
  const names = [...new Set([...scenario.nodes, ...scenario.actions.flatMap((action) => (action.type === 'join' ? [action.node] : []))])];
  const simulation = new OverlaySimulation<ProbeApplications>({
    topology: everywhere(names.length),
    seed: 1,
    ids: names.map(idOfName),
    makeNode: new NodeFactory<ProbeApplications>({ leafSet: scenario.leafSet, digitBits: 4, applications: () => ({ probe: new Probe() }) }).make,
  });
  const { world } = simulation;
  scenario.nodes.forEach((name, host) => {
    const first = simulation.handle(0);
    simulation.start(host, first === undefined ? [] : [first]);
    world.runUntil(() => simulation.ring.has(idOfName(name)), world.now + JOIN_MS);
  });
  world.run(world.now + JOIN_MS);

  const startedAt = world.now;
  const lines: string[] = [];
  simulation.observe({
    step(now, host, _input, effects) {
      for (const effect of effects) {
        const line = describeEffect(names, host, effect);
        if (line !== undefined && scenario.shown.has(line.kind)) lines.push(`${String(Math.round(now - startedAt)).padStart(6)} ms  ${line.text}`);
      }
    },
  });
  for (const action of scenario.actions) act(simulation, names, action);
  world.run(world.now + AFTERMATH_MS);
  return lines.map((line) => `${line}\n`).join('');
}

function act(simulation: OverlaySimulation<ProbeApplications>, names: readonly string[], action: Action): void {
  const { world } = simulation;
  const hostOf = (name: string): Host => names.indexOf(name);
  switch (action.type) {
    case 'route':
      simulation.command(hostOf(action.node), 'probe', { type: 'send', probe: 0, key: action.key });
      break;
    case 'join': {
      const through = simulation.handle(hostOf(action.through));
      simulation.start(hostOf(action.node), through === undefined ? [] : [through]);
      break;
    }
    case 'crash':
      simulation.crash(hostOf(action.node));
      break;
    case 'leave':
      world.input(hostOf(action.node), { type: 'leave' });
      break;
    case 'cut':
      world.network.cut(hostOf(action.from), hostOf(action.to));
      break;
    case 'heal':
      world.heal();
      break;
    case 'wait':
      world.run(world.now + action.forMs);
      break;
    default:
      assertNever(action);
  }
}

interface Line {
  readonly kind: string;
  readonly text: string;
}

function describeEffect(names: readonly string[], host: Host, effect: OverlayEffect<ProbeApplications>): Line | undefined {
  const self = names[host] ?? String(host);
  const nameOf = (id: Id): string => names.find((name) => idOfName(name) === id) ?? id.replace(/0+$/, '');
  switch (effect.type) {
    case 'send': {
      const { message, hop, to } = effect;
      const detail = message.type === 'envelope' ? ` key=${nameOf(message.envelope.key)} hops=${message.envelope.hops}` : '';
      const rule = hop === undefined ? '' : `   (${hop.rule}${hop.attempt > 1 ? `, attempt ${hop.attempt}` : ''})`;
      return { kind: message.type, text: `${self} -> ${nameOf(to.id)}  ${message.type}${detail}${rule}` };
    }
    case 'event': {
      const { envelope } = effect.event as ProbeEvent;
      return { kind: 'deliver', text: `${self}        deliver key=${nameOf(envelope.key)} hops=${envelope.hops}` };
    }
    case 'readyChanged': {
      const kind = effect.ready ? 'ready' : 'unready';
      return { kind, text: `${self}        ${kind}` };
    }
    case 'leafSetChanged':
      return { kind: 'leaves', text: `${self}        leaves${list('+', effect.gained.map(({ id }) => nameOf(id)))}${list('-', effect.lost.map(({ id }) => nameOf(id)))}` };
    case 'peerDead':
      return { kind: 'dead', text: `${self}        dead ${nameOf(effect.peer.id)}` };
    case 'drop':
      return { kind: 'drop', text: `${self}        drop ${effect.reason}` };
    default:
      return undefined;
  }
}

function list(sign: string, names: readonly string[]): string {
  return names.map((name) => ` ${sign}${name}`).join('');
}

function everywhere(hosts: number): Topology {
  return { name: 'everywhere', hosts, latencyMs: (from, to) => (from === to ? 0 : LATENCY_MS) };
}
