import type { Millis, Rng } from '@banyan/sansio';
import type { Weather } from '@banyan/simulator';

/**
 * What goes wrong in one run, and how often. `…EveryMs` is the mean time between two faults of a kind, of all nodes
 * together; undefined: this run has none of them.
 */
export interface FaultMix {
  readonly weather: Weather;
  /** A process ends, or its whole machine; it starts again after a while. */
  readonly crashEveryMs: Millis;
  /** Share of crashes in which the whole machine loses power, so that nobody resets its connections. */
  readonly silentShare: number;
  /** Share of crashes, pauses and bad ways that strike where it hurts most: a group's root or voter, a ring neighbor. */
  readonly tenderShare: number;
  /** Share of the nodes that died or left in whose place a new node appears: another id, the same address. */
  readonly newcomerShare: number;
  /** A node hands over its duties, says goodbye and ends. */
  readonly leaveEveryMs: Millis | undefined;
  /** A machine is not scheduled for 5 to 60 s. */
  readonly pauseEveryMs: Millis | undefined;
  /** Nothing passes from one node to another, the other way works. */
  readonly cutEveryMs: Millis | undefined;
  /** One way at a time is slow by up to some seconds. */
  readonly clogEveryMs: Millis | undefined;
  /** Data links of one pair get nothing through while control passes. */
  readonly swallowEveryMs: Millis | undefined;
  /** Each host's clock runs wrong by up to this share. */
  readonly clockError: number;
}

/** Which kinds of fault may be drawn: all, or weather, crash and restart only. */
export const FAULT_KINDS = ['all', 'basic'] as const;
export type FaultKinds = (typeof FAULT_KINDS)[number];

const CLOCK_ERROR = 0.01;
const KIND_SHARE = 0.6;

/** Draws a mix: each kind of fault is in it or not, rare or frequent, so that a few seeds meet many combinations. */
export function drawFaultMix(rng: Rng, kinds: FaultKinds = 'all'): FaultMix {
  const mix = drawAll(rng);
  if (kinds === 'all') return mix;
  return { ...mix, newcomerShare: 0, leaveEveryMs: undefined, pauseEveryMs: undefined, cutEveryMs: undefined, clogEveryMs: undefined, swallowEveryMs: undefined, clockError: 0 };
}

function drawAll(rng: Rng): FaultMix {
  const between = (least: number, most: number): number => least * (most / least) ** rng.next();
  const perhaps = (least: number, most: number): number | undefined => (rng.next() < KIND_SHARE ? Math.round(between(least, most)) : undefined);
  return {
    weather: drawWeather(rng),
    crashEveryMs: Math.round(between(1_500, 15_000)),
    silentShare: rng.next(),
    tenderShare: 0.5 * rng.next(),
    newcomerShare: rng.next() < KIND_SHARE ? 0.5 * rng.next() : 0,
    leaveEveryMs: perhaps(4_000, 40_000),
    pauseEveryMs: perhaps(3_000, 40_000),
    cutEveryMs: perhaps(1_000, 20_000),
    clogEveryMs: perhaps(500, 10_000),
    swallowEveryMs: perhaps(1_000, 20_000),
    clockError: rng.next() < KIND_SHARE ? CLOCK_ERROR : 0,
  };
}

/** For people: what is in the mix, in one line. */
export function describeFaultMix({ weather, ...mix }: FaultMix): string {
  const { lossRate, duplicateRate, jitter, reorderRate, reorderMsMax } = weather;
  const sky = `loss ${percent(lossRate)}, repeats ${percent(duplicateRate)}, jitter ${percent(jitter)}, reordered ${percent(reorderRate)} by up to ${reorderMsMax} ms`;
  const every = (what: string, ms: Millis | undefined): readonly string[] => (ms === undefined ? [] : [`${what} every ${(ms / 1_000).toFixed(1)} s`]);
  return [
    sky,
    ...every('crash', mix.crashEveryMs),
    `${percent(mix.silentShare)} silent, ${percent(mix.tenderShare)} where it hurts, ${percent(mix.newcomerShare)} followed by a new node`,
    ...every('leave', mix.leaveEveryMs),
    ...every('pause', mix.pauseEveryMs),
    ...every('one-way cut', mix.cutEveryMs),
    ...every('clog', mix.clogEveryMs),
    ...every('streams swallowed', mix.swallowEveryMs),
    `clocks wrong by ${percent(mix.clockError)}`,
  ].join('; ');
}

function drawWeather(rng: Rng): Weather {
  const some = (most: number): number => (rng.next() < KIND_SHARE ? most * rng.next() : 0);
  return { lossRate: some(0.05), duplicateRate: some(0.02), jitter: some(1), reorderRate: some(0.1), reorderMsMax: 50 + rng.below(250) };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 && share > 0 ? 1 : 0)} %`;
}
