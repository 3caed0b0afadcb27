import type { DigitBits } from '@banyan/ids';
import { Lookup } from '@banyan/overlay';
import type { Millis } from '@banyan/sansio';
import { CALM, type Host, type Topology } from '@banyan/simulator';
import type { Progress } from '../report/progress.ts';
import { rounded } from '../statistics.ts';
import { growRing } from './grow.ts';
import { liveChurn } from './live-churn.ts';
import { LookupAnswers, type AnswerFigures, type LookupApplications } from './lookup-answers.ts';
import { LookupLoad } from './lookup-load.ts';
import { LATE_MS, type JudgedArrival } from './lookup-oracle.ts';
import { NodeFactory } from './node-factory.ts';
import { OverlaySimulation } from './overlay-simulation.ts';
import type { Population } from './population.ts';
import { Probe, type ProbeApplications } from './probe.ts';
import { RingCensus, type RingFigures } from './ring-census.ts';
import { RouteFigures, type DelayFigures, type HopFigures, type RdpFigures } from './routing-figures.ts';
import { TrafficMeter, type Traffic } from './traffic-meter.ts';

const SETTLE_MS: Millis = 60_000;
/** After the last lookup: longer than any node keeps a message it cannot pass on. */
export const DRAIN_MS: Millis = 120_000;
const STEP_MS: Millis = 10_000;
/** Rhea et al. 2004 waited so long for an answer. */
const PROMPT_MS: Millis = 10_000;
/** Beside every lookup that is only routed so many are asked of the lookup application, end to end. */
const ASKED_SHARE = 0.2;

type ChurnApplications = ProbeApplications & LookupApplications;

export interface ChurnSetup {
  /** As many hosts as the population has. */
  readonly topology: Topology;
  /** Drawn for `warmUpMs` + `measuredMs` + `DRAIN_MS`. */
  readonly population: Population;
  /** Churn before anything is counted. */
  readonly warmUpMs: Millis;
  readonly measuredMs: Millis;
  readonly lookupsPerSecondPerNode: number;
  /** Share of all datagrams that are lost. */
  readonly loss: number;
  readonly seed: number;
  readonly leafSet: number;
  readonly digitBits: DigitBits;
}

export type ChurnResults = RingFigures & {
  readonly lookups: number;
  /** Never delivered, though no node died that had it in its care. */
  readonly lost: number;
  /** Never delivered; it died with a node that had taken it. */
  readonly lostWithNode: number;
  /** Of these: the node is the one that asked. */
  readonly lostWithSender: number;
  readonly incorrect: number;
  readonly duplicate: number;
  readonly duplicateAfterChange: number;
  readonly late: number;
  /** Delivered at the true root within 10 s: share of the lookups whose sender lived to care. Routed once, not asked again. */
  readonly arrivedAtTrueRootWithin10s: number;
  /** Of the lookups that were asked end to end, and whose node lived to care: answered by the true root within 10 s. */
  readonly answeredByTrueRootWithin10s: number;
  readonly answers: AnswerFigures;
  readonly hops: HopFigures;
  readonly rdp: RdpFigures;
  /** Of those lookups that were not late: what the routes cost, without the wait for the leases of dead roots. */
  readonly rdpNotLate: RdpFigures;
  readonly delayMs: DelayFigures;
  /** Everything sent but lookups on their first way: acknowledgements and retransmissions are in it. */
  readonly controlPerNodePerSecond: number;
  /** Of all messages, lookups too: encoded frames and 40 bytes each. */
  readonly bytesPerNodePerSecond: number;
  /** Messages a node and second, by type. */
  readonly messagesByType: { readonly [type: string]: number };
  readonly bytesByType: { readonly [type: string]: number };
  /** What nodes gave up, by reason. */
  readonly drops: { readonly [reason: string]: number };
  readonly virtualSeconds: number;
  readonly events: number;
  readonly complaints: readonly string[];
};

/**
 * A ring grows to the population's first members and settles; then they come and go. After the warm-up lookups of
 * random keys leave every ready node at random instants. Source of the workload: Castro, Costa, Rowstron 2004, §5.
 */
export function measureChurn(setup: ChurnSetup, progress: Progress): ChurnResults {
  const { topology, population, loss, seed, leafSet, digitBits } = setup;
  const nodes = new NodeFactory<ChurnApplications>({ leafSet, digitBits, applications: (view) => ({ probe: new Probe(), lookup: new Lookup(view) }) });
  const simulation = new OverlaySimulation<ChurnApplications>({ topology, seed, weather: { ...CALM, lossRate: loss }, makeNode: nodes.make });
  const { world } = simulation;
  simulation.observe({ crashed: (_now, host) => nodes.forget(simulation.idOf(host)) });
  growRing(simulation, population.present, progress);
  world.run(world.now + SETTLE_MS);
  liveChurn(simulation, population);
  runTo(simulation, world.now + setup.warmUpMs, { phase: 'warm-up, virtual minutes', progress });
  return measure(simulation, setup, progress);
}

function measure(simulation: OverlaySimulation<ChurnApplications>, setup: ChurnSetup, progress: Progress): ChurnResults {
  const { world } = simulation;
  const { topology, lookupsPerSecondPerNode, measuredMs } = setup;
  const latencyMs = (from: Host, to: Host): Millis => topology.latencyMs(from, to);
  const figures = new RouteFigures(latencyMs);
  const notLate = new RouteFigures(latencyMs);
  let prompt = 0;
  const load = new LookupLoad(simulation, {
    arrived: (arrival: JudgedArrival) => {
      figures.add(arrival);
      if (arrival.delayMs <= LATE_MS) notLate.add(arrival);
      if (arrival.isCorrect && arrival.delayMs <= PROMPT_MS) prompt += 1;
    },
  });
  const asked = new LookupAnswers(simulation, { allowedMs: PROMPT_MS });
  const meter = new TrafficMeter();
  const drops: Record<string, number> = {};
  simulation.observe({
    sent: (_host, message) => meter.sent(message),
    step: (_now, _host, _input, effects) => {
      for (const effect of effects) if (effect.type === 'drop') drops[effect.reason] = (drops[effect.reason] ?? 0) + effect.count;
    },
  });
  const census = new RingCensus(simulation);
  const endsAt = world.now + measuredMs;
  load.runPoisson(lookupsPerSecondPerNode, endsAt);
  asked.runPoisson(ASKED_SHARE * lookupsPerSecondPerNode, endsAt);
  runTo(simulation, endsAt, { phase: 'virtual minutes', progress });
  const ring = census.figures();
  const traffic = meter.total();
  const { nodeSeconds } = census;
  const repeated = load.repeats;
  world.run(world.now + DRAIN_MS);

  const verdict = load.oracle.verdict();
  const { lookups, lost, lostWithNode, lostWithSender, incorrect, duplicate, duplicateAfterChange, late } = verdict;
  const answers = asked.figures();
  const lookupMessages = (traffic.byType['envelope']?.messages ?? 0) - repeated;
  return {
    lookups,
    lost,
    lostWithNode,
    lostWithSender,
    incorrect,
    duplicate,
    duplicateAfterChange,
    late,
    arrivedAtTrueRootWithin10s: rounded(prompt / Math.max(1, lookups - lostWithSender), 5),
    answeredByTrueRootWithin10s: rounded(answers.rightInTime / Math.max(1, answers.asked - answers.senderDied), 5),
    answers,
    hops: figures.hops(),
    rdp: figures.rdp(),
    rdpNotLate: notLate.rdp(),
    delayMs: figures.delayMs(),
    controlPerNodePerSecond: rounded((traffic.messages - lookupMessages) / nodeSeconds),
    bytesPerNodePerSecond: rounded(traffic.bytes / nodeSeconds, 1),
    messagesByType: { ...perNodeSecond(traffic, 'messages', nodeSeconds), lookup: rounded(lookupMessages / nodeSeconds), lookupAgain: rounded(repeated / nodeSeconds) },
    bytesByType: perNodeSecond(traffic, 'bytes', nodeSeconds),
    ...ring,
    drops,
    virtualSeconds: rounded(world.now / 1_000, 1),
    events: world.events,
    complaints: load.oracle.complaints,
  };
}

function runTo({ world }: OverlaySimulation<ChurnApplications>, until: Millis, { phase, progress }: { readonly phase: string; readonly progress: Progress }): void {
  const startedAt = world.now;
  while (world.now < until) {
    progress.show(phase, Math.round((world.now - startedAt) / 60_000), Math.round((until - startedAt) / 60_000));
    world.run(Math.min(until, world.now + STEP_MS));
  }
}

function perNodeSecond({ byType }: Traffic, what: 'messages' | 'bytes', nodeSeconds: number): { readonly [type: string]: number } {
  return Object.fromEntries(Object.entries(byType).flatMap(([type, sums]) => (what === 'messages' && type === 'envelope' ? [] : [[type, rounded(sums[what] / nodeSeconds)]])));
}
