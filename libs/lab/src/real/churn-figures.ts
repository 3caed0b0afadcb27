import type { Id } from '@banyan/ids';
import { LOCAL_PASTRY_CONFIG } from '@banyan/pastry';
import type { Millis } from '@banyan/sansio';
import { mean, percentile, rounded } from '../statistics.ts';
import type { AskedLookup, Membership } from './membership.ts';

/** The lease of nodes that are told nothing else. */
export const LEASE_MS = LOCAL_PASTRY_CONFIG.leaseMs;
/** With fewer ready nodes than this share the next kill waits: they do not come back as fast as they die. */
export const READY_SHARE_MIN = 0.5;

export interface RealChurnSetup {
  readonly nodes: number;
  readonly seconds: number;
  readonly killEveryMs: Millis;
  readonly lookupEveryMs: Millis;
  readonly seed: number;
}

export type RealChurnResults = {
  readonly nodes: number;
  readonly kills: number;
  /** Kills left out because too few nodes were ready. */
  readonly killsHeldBack: number;
  readonly readyNodes: { readonly mean: number; readonly min: number };
  /** Asked by a node that lived until the answer. */
  readonly lookups: number;
  /** Asked by a node that died or stepped back meanwhile: nobody can tell what became of them. */
  readonly askerGone: number;
  /** Of keys whose root lived all the time, and had not changed for a lease. */
  readonly settled: { readonly lookups: number; readonly answeredByRoot: number; readonly other: number; readonly lost: number; readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
  /** Of keys whose root died, stepped back or came, meanwhile or within the last lease. */
  readonly changing: { readonly lookups: number; readonly stranger: number; readonly lost: number; readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
};

/** A lookup and the node that was asked. */
export interface Asked extends AskedLookup {
  readonly asker: Id;
}

/** What happened, for `churnFigures`. */
export interface ChurnAccount {
  readonly setup: RealChurnSetup;
  readonly membership: Membership;
  /** Lookups whose end is known. */
  readonly asked: readonly Asked[];
  readonly lookupsSent: number;
  readonly kills: number;
  readonly killsHeldBack: number;
  /** Ready nodes before each kill. */
  readonly readyCounts: readonly number[];
}

/** Judges every lookup by what is known of the ring once the run is over. */
export function churnFigures({ setup, membership, asked, lookupsSent, kills, killsHeldBack, readyCounts }: ChurnAccount): RealChurnResults {
  const known = asked.filter(({ asker, sentAt, doneAt }) => membership.wasReady(asker, sentAt, doneAt));
  const judged = known.map((each) => ({ ms: each.doneAt - each.sentAt, ...membership.judge(each) }));
  const [settled, changing] = [judged.filter(({ isSettled }) => isSettled), judged.filter(({ isSettled }) => !isSettled)];
  const count = (of: typeof judged, is: (typeof judged)[number]['is']): number => of.filter((each) => each.is === is).length;
  return {
    nodes: setup.nodes,
    kills,
    killsHeldBack,
    readyNodes: { mean: rounded(mean(readyCounts), 1), min: readyCounts.reduce((least, ready) => Math.min(least, ready), setup.nodes) },
    lookups: known.length,
    askerGone: lookupsSent - known.length,
    settled: { lookups: settled.length, answeredByRoot: count(settled, 'owner'), other: count(settled, 'other'), lost: count(settled, 'nobody'), ...times(settled) },
    changing: { lookups: changing.length, stranger: count(changing, 'stranger'), lost: count(changing, 'nobody'), ...times(changing) },
  };
}

function times(judged: readonly { readonly ms: number }[]): { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number } {
  const sorted = Float64Array.from(judged, ({ ms }) => ms).sort();
  return { p50Ms: rounded(percentile(sorted, 0.5), 1), p99Ms: rounded(percentile(sorted, 0.99), 1), maxMs: rounded(sorted.at(-1) ?? 0, 1) };
}
