import { parentPort, Worker, workerData } from 'node:worker_threads';
import { runSwarm, type SwarmReport, type SwarmSetup } from './swarm-run.ts';

/** Tells the threads started here from all others. */
const ROLE = 'swarm';

export interface SeedRun {
  /** One run each; results come in the same order, whatever the number of workers. */
  readonly setups: readonly SwarmSetup[];
  readonly workers: number;
  /** Called after each run that ended. */
  readonly ended: (done: number) => void;
}

/** Runs swarms in worker threads, each of which takes the next when it is done with one. Rejects when a thread breaks down. */
export async function runSwarms({ setups, workers, ended }: SeedRun): Promise<readonly SwarmReport[]> {
  const reports = new Array<SwarmReport>(setups.length);
  let next = 0;
  let done = 0;
  await Promise.all(
    Array.from({ length: Math.min(workers, setups.length) }, async () => {
      const worker = new Worker(new URL(import.meta.url), { workerData: ROLE });
      try {
        for (let place = next++; place < setups.length; place = next++) {
          reports[place] = await runIn(worker, setups[place]);
          ended(++done);
        }
      } finally {
        await worker.terminate();
      }
    }),
  );
  return reports;
}

function runIn(worker: Worker, setup: SwarmSetup | undefined): Promise<SwarmReport> {
  return new Promise((resolve, reject) => {
    worker.removeAllListeners();
    worker.once('message', resolve).once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a worker thread ended with code ${code}`)));
    worker.postMessage(setup);
  });
}

// The same file is what a worker thread runs.
if (workerData === ROLE && parentPort !== null) {
  const port = parentPort;
  port.on('message', (setup: SwarmSetup) => port.postMessage(runSwarm(setup)));
}
