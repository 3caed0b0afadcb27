import type { Coverage } from '@banyan/client';
import { OverlayError } from '@banyan/grpc';
import { openClient, type OverlayAccess } from '../overlay-options.ts';
import { atMost, type CheckResult, type Limits } from './check-result.ts';

/** How long the root of a group has to tell its coverage: its report comes every second. */
const FIRST_MS = 5_000;

/** Whether everybody in a group has everything; limits are messages that the last one is behind. Missing members are critical. */
export async function checkGroup(access: OverlayAccess, group: string, limits: Limits): Promise<CheckResult> {
  const client = await openClient(access, 'first', false);
  const check = `group ${client.fullName(group)}`;
  const silence = setTimeout(() => client.close(), FIRST_MS);
  try {
    for await (const coverage of client.groups.watchCoverage(group)) {
      if (coverage !== undefined) return judged(check, coverage, limits);
    }
    throw new OverlayError('TIMEOUT', 'no root tells its coverage; nobody subscribes or publishes');
  } catch (error) {
    return { check, status: 'unknown', detail: error instanceof Error ? error.message : String(error), measured: [] };
  } finally {
    clearTimeout(silence);
    client.close();
  }
}

function judged(check: string, { committed, members, covered, reached, behind, missing }: Coverage, limits: Limits): CheckResult {
  const lag = Number(committed - (behind[0]?.reached ?? reached));
  const status = missing.length > 0 ? 'critical' : atMost(lag, limits);
  const parts = [`${covered} of ${members} members have 1..${reached} of ${committed}`, ...(lag === 0 ? [] : [`the last is ${lag} behind`]), ...(missing.length === 0 ? [] : [`${missing.length} missing`])];
  return { check, status, detail: parts.join(', '), measured: [{ name: 'lag_messages', value: lag, ...limits }, { name: 'members', value: Number(members) }, { name: 'missing', value: missing.length }] };
}
