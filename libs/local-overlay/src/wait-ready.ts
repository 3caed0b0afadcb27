import { setTimeout as delay } from 'node:timers/promises';
import { OverlayError } from '@banyan/grpc';
import type { ServiceProcess } from './service-process.ts';

const ASK_EVERY_MS = 100;
const ANSWER_TIMEOUT_MS = 2_000;

/** Waits until a process says of itself that it is of use (`/readyz`). Throws SERVICE_FAILED when it ends or takes too long. */
export async function waitUntilReady(service: ServiceProcess, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const admin = service.ready.addresses['admin'];
  const giveUpAt = performance.now() + timeoutMs;
  let last = 'it has no admin address';
  while (admin !== undefined && performance.now() < giveUpAt) {
    if (signal.aborted) throw new OverlayError('CANCELLED', 'the start was interrupted');
    if (!service.isRunning) throw new OverlayError('SERVICE_FAILED', `${service.name} ended before it was ready`, { name: service.name });
    const answer = await askReady(admin);
    if (answer.isReady) return;
    last = answer.says;
    await delay(ASK_EVERY_MS);
  }
  throw new OverlayError('SERVICE_FAILED', `${service.name} was not ready within ${timeoutMs / 1000} s: ${last}`, { name: service.name });
}

/** What `/readyz` at an admin address says. */
export async function askReady(adminAddress: string): Promise<{ readonly isReady: boolean; readonly says: string }> {
  try {
    const response = await fetch(`http://${adminAddress}/readyz`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    return { isReady: response.ok, says: (await response.text()).trim() };
  } catch (error) {
    return { isReady: false, says: `no answer: ${error instanceof Error ? error.message : String(error)}` };
  }
}
