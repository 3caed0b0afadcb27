import { overlay } from '@banyan/proto';

/** The steps of a drain, in their order. */
export type DrainStepName = 'refuse' | 'roots' | 'voters' | 'children' | 'clients' | 'range' | 'leave' | 'unknown';

/** One step of a drain: its name, how far it is, what is left of it (or, when late, was left behind), and its times, ms since the drain began. */
export interface DrainStep {
  readonly name: DrainStepName;
  readonly state: 'waiting' | 'running' | 'done' | 'late';
  readonly left: number;
  readonly deadlineMs: number;
  readonly elapsedMs: number;
}

/** All steps at one moment. */
export interface DrainProgress {
  readonly steps: readonly DrainStep[];
  /** The node has left the ring. */
  readonly isDone: boolean;
}

/** The API's words for a drain. */
export function drainProgress({ steps, done }: overlay.DrainResponse): DrainProgress {
  return {
    steps: steps.map(({ name, state, left, deadlineMs, elapsedMs }) => ({ name: names.get(name) ?? 'unknown', state: states.get(state) ?? 'waiting', left, deadlineMs, elapsedMs })),
    isDone: done,
  };
}

const { DrainStepName: Name, DrainState: State } = overlay;
const names: ReadonlyMap<overlay.DrainStepName, DrainStepName> = new Map<overlay.DrainStepName, DrainStepName>([
  [Name.REFUSE, 'refuse'],
  [Name.ROOTS, 'roots'],
  [Name.VOTERS, 'voters'],
  [Name.CHILDREN, 'children'],
  [Name.CLIENTS, 'clients'],
  [Name.RANGE, 'range'],
  [Name.LEAVE, 'leave'],
]);
const states: ReadonlyMap<overlay.DrainState, DrainStep['state']> = new Map<overlay.DrainState, DrainStep['state']>([
  [State.WAITING, 'waiting'],
  [State.RUNNING, 'running'],
  [State.DONE, 'done'],
  [State.LATE, 'late'],
]);
