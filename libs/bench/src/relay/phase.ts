import type { ChildProgram } from '../processes/child-program.ts';
import { startCpuMeter, totalOf } from '../processes/process-cost.ts';
import type { MeasuredPhase } from '../suites/row.ts';
import type { PartyOrder, PartyReport, PartyRole } from './party-protocol.ts';
import type { PartySetup } from './system.ts';
import type { RelaySystemName } from './systems/index.ts';

/** A party in a process of its own. */
export type Party = ChildProgram<PartyOrder, PartyReport>;

/** Where the program of a party lies. */
export const PARTY_PROGRAM = new URL('party-process.js', import.meta.url);

/** A phase ends incomplete when no sink gets anything for so long, ms. */
const QUIET_MS = 10_000;

/** Takes a party to its place; its address, where others connect to it. */
export async function stand(party: Party, place: { readonly system: RelaySystemName; readonly role: PartyRole; readonly relay: string; readonly setup: PartySetup }): Promise<string> {
  return (await party.ask({ type: 'stand', ...place }, 'stands')).address;
}

/** What the sinks tell unasked goes on to the source, which may not be far ahead of them. */
export function progressTo(source: Party): (report: PartyReport) => boolean {
  return (report) => {
    if (report.type !== 'progress') return false;
    source.order(report);
    return true;
  };
}

/** One phase: the source sends, the sinks count, and the processes `pids` are metered. */
export async function runPhase(
  parties: { readonly source: Party; readonly sinks: Party; readonly pids: readonly number[] },
  load: { readonly phase: number; readonly messages: number; readonly perSecond?: number },
): Promise<MeasuredPhase> {
  const { source, sinks, pids } = parties;
  const { phase, messages, perSecond } = load;
  await sinks.ask({ type: 'count', phase, messages, quietMs: QUIET_MS }, 'counting');
  const stopMeter = startCpuMeter(pids);
  const startedMs = performance.now();
  await source.ask({ type: 'send', phase, messages, perSecond }, 'sent');
  const { result } = await sinks.report('counted');
  return { result, cpuSeconds: totalOf(stopMeter()), seconds: (performance.now() - startedMs) / 1_000 };
}
