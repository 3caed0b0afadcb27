// The whole main.ts of a service: `await launch(async () => (await import('./node-service.ts')).nodeService)`.
import { setFlagsFromString } from 'node:v8';
import type { z } from 'zod';
import { ProcessWarnings } from './process-warnings.ts';
import type { ServiceDefinition } from './service-definition.ts';

/**
 * Loads a service and runs it until it is asked to stop. Everything is imported from here, and nothing before: loading
 * a process makes much garbage and keeps little, V8 answers by growing its young generation to 16 MB a half and gives
 * nothing back when the process then idles. Until the service is up it must not grow, which keeps an idle node some
 * 30 MB smaller and costs about 0.05 s.
 */
export async function launch<Schema extends z.ZodObject>(load: () => Promise<ServiceDefinition<Schema>>): Promise<void> {
  const warnings = new ProcessWarnings();
  setFlagsFromString('--semi-space-growth-factor=1');
  // Frames live outside the heap. By default V8 collects the whole heap for every 64 MB of them, which at full speed takes
  // a third of a node's CPU; counted with the heap they are collected when both together have grown.
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  const { runService } = await import('./run-service.ts');
  await runService(await load(), warnings);
}
