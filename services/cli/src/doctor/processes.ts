import { askReady, isAlive, type FoundOverlay, type ServiceEntry } from '@banyan/local-overlay';
import { fail, ok, warn, type Finding } from './check.ts';

/** Every process of a local overlay runs and says that it is ready. */
export async function checkProcesses(local: FoundOverlay): Promise<readonly Finding[]> {
  const services = Object.entries(local.file.services).map(([name, entry]) => ({ ...entry, name }));
  return Promise.all([...services, ...local.file.nodes].map((entry) => checkProcess(local.dataDir, entry.name, entry)));
}

async function checkProcess(dataDir: string, name: string, entry: ServiceEntry): Promise<Finding> {
  const what = `process ${name}`;
  const log = `${dataDir}/${name}/log.jsonl`;
  if (!isAlive(entry)) return fail(what, `process ${entry.pid} is gone`, `see the end of ${log}; start the overlay again to have it back`);
  const admin = entry.addresses['admin'];
  if (admin === undefined) return warn(what, `process ${entry.pid} runs and has no admin address`, `see ${log}`);
  const { isReady, says } = await askReady(admin);
  if (isReady) return ok(what, `process ${entry.pid} runs and is ready`);
  return fail(what, `process ${entry.pid} runs and is not ready: ${oneLine(says)}`, `see ${log}; it may still be joining, or be stopped (SIGSTOP) or overloaded`);
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}
