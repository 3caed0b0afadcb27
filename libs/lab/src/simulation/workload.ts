import type { Millis } from '@banyan/sansio';

/** What the users of a swarm do while faults strike. */
export interface Workload {
  readonly lookupsPerNodePerSecond: number;
  readonly groups: number;
  /** Members of each group, as a share of all nodes. */
  readonly membersShare: number;
  readonly publishersPerGroup: number;
  /** Between two batches, of one to three messages, of one publisher. */
  readonly publishPeriodMs: Millis;
}

export const WORKLOADS = {
  /** The standard: lookups, two small groups. */
  light: { lookupsPerNodePerSecond: 0.05, groups: 2, membersShare: 0.05, publishersPerGroup: 2, publishPeriodMs: 1_000 },
  /** Groups of 30 members among 200, 20 messages a second each. */
  heavy: { lookupsPerNodePerSecond: 0.1, groups: 2, membersShare: 0.15, publishersPerGroup: 2, publishPeriodMs: 200 },
} as const satisfies Readonly<Record<string, Workload>>;

export type WorkloadName = keyof typeof WORKLOADS;

export function isWorkload(name: string): name is WorkloadName {
  return name in WORKLOADS;
}
