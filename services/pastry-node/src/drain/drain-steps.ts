/** The steps of a drain, in their order; protocols and API know them by these names. */
export const DRAIN_STEPS = ['refuse', 'roots', 'voters', 'children', 'clients', 'range', 'leave'] as const;
export type DrainStepName = (typeof DRAIN_STEPS)[number];

/** How far a step is. `late`: its time was over with something left. */
export type DrainState = 'waiting' | 'running' | 'done' | 'late';

/** One step as it is told. */
export interface DrainStep {
  readonly name: DrainStepName;
  readonly state: DrainState;
  /** What is left of it, or was left behind. */
  readonly left: number;
  /** When the next one begins at the latest, ms after the drain began. */
  readonly deadlineMs: number;
  /** How long it took, or has taken so far, ms. */
  readonly elapsedMs: number;
}

/** By which share of the grace time each step is over; what one does not use the next ones have. */
const SHARE: Readonly<Record<DrainStepName, number>> = { refuse: 0.1, roots: 0.35, voters: 0.6, children: 0.7, clients: 0.85, range: 0.93, leave: 1 };

/** The steps before the first. */
export function plannedSteps(graceMs: number): readonly DrainStep[] {
  return DRAIN_STEPS.map((name) => ({ name, state: 'waiting', left: 0, deadlineMs: Math.round(graceMs * SHARE[name]), elapsedMs: 0 }));
}
