import type { NodeHandle } from '@banyan/kbr';
import type { Peers } from '@banyan/peers';
import type { Millis, Rng } from '@banyan/sansio';
import type { PastryConfig } from './config.ts';
import type { Leases } from './leases.ts';
import type { Pace } from './pace.ts';
import type { PastryMessage } from './messages.ts';
import type { Tables } from './tables.ts';
import type { UpkeepBudget } from './upkeep-budget.ts';

/**
 * Where a node stands in its life.
 * `idle`: not asked to join. `searching`: walks to the nearest node. `requesting`: asked to be let in. `sounding`: hears its
 * leaves, none of whom takes it in. `probing`: enters, and hears the nearest leaves again. `leasing`: waits for the leases of both ring neighbors. `active`: a ring member. `left`: gone on purpose.
 */
export type Phase = 'idle' | 'searching' | 'requesting' | 'sounding' | 'probing' | 'leasing' | 'active' | 'left';

/** What the mechanisms of one node share. Each acts through it and none knows another. */
export interface NodeContext {
  readonly self: NodeHandle;
  readonly config: PastryConfig;
  readonly rng: Rng;
  readonly peers: Peers;
  readonly tables: Tables;
  readonly leases: Leases;
  readonly pace: Pace;
  readonly upkeep: UpkeepBudget;
  readonly phase: Phase;
  readonly send: (to: NodeHandle, message: PastryMessage) => void;
  /** Pings a candidate; if it answers and is active it is offered to the tables. */
  readonly measure: (now: Millis, candidate: NodeHandle) => void;
  /**
   * Finds out whether a peer lives that stands in our tables. `foundDead`: another has found it dead already, so our own
   * silence is enough. Of a leaf that is silent for us alone, others are asked if it is our ring neighbor or `askOthers`
   * is said; else routes go around it until its neighbors tell.
   */
  readonly verify: (now: Millis, member: NodeHandle, because?: 'foundDead' | 'askOthers') => void;
  /** Takes note of pings that were not part of the sweep, which saves as many. */
  readonly spent: (pings: number) => void;
  /** Names of messages delivered here lately whose keys are nearer to this node than to us. */
  readonly handOver: (now: Millis, to: NodeHandle) => readonly string[];
  /** Remembers what the former root of our keys has delivered. */
  readonly takeOver: (now: Millis, names: readonly string[]) => void;
  /** True while rings that formed apart become one around this node. */
  readonly merging: (now: Millis) => boolean;
  /** An active node of another ring has become our leaf. */
  readonly meet: (now: Millis, foreign: NodeHandle) => void;
  /** Tells the shell something worth counting. */
  readonly note: (note: string, peer?: NodeHandle) => void;
}

/** True when other members may count on this node's leaf set: it answers leaf-set probes and heartbeats. */
export function participates(phase: Phase): boolean {
  return phase === 'probing' || phase === 'leasing' || phase === 'active';
}

/** A period with a tenth of jitter either way, so that nodes started together do not act together. */
export function jittered(periodMs: Millis, rng: Rng): Millis {
  return periodMs * (0.9 + 0.2 * rng.next());
}
