import { setTimeout as pause } from 'node:timers/promises';
import type { LocalOverlay } from '@banyan/local-overlay';
import { seededRng } from '@banyan/sansio';
import { LiveLoad } from './live-load.ts';
import type { HistoryVerdict } from './message-history.ts';

/** How long, how much, and how often a node dies. */
export interface ChurnUnderLoad {
  readonly seconds: number;
  readonly kills: number;
  readonly messagesPerSecond: number;
  readonly readers: number;
  readonly seed: number;
  /** Process names that are never killed. */
  readonly spared?: readonly string[];
  /** Called before every kill. */
  readonly each?: (kill: number) => Promise<void>;
}

/** What came of it. */
export interface ChurnVerdict {
  readonly published: number;
  /** Sequences that two messages were given under. */
  readonly shared: number;
  /** One for each reader. */
  readonly verdicts: readonly HistoryVerdict[];
}

/** A steady stream into a reliable group while random nodes are killed, evenly spaced, and for each a new one joins. */
export async function churnUnderLoad(overlay: LocalOverlay, options: ChurnUnderLoad): Promise<ChurnVerdict> {
  const { seconds, kills, messagesPerSecond, readers, seed, spared = [], each } = options;
  const rng = seededRng(seed);
  const [publisher = '', ...others] = overlay.nodes.map((node) => node.name);
  await using load = await LiveLoad.start(overlay, { name: 'churn', publisher, readers: others.slice(0, readers), messagesPerSecond, group: { fanOutMax: 4 } });
  const from = performance.now();
  for (let kill = 0; kill < kills; kill++) {
    await pause(Math.max(0, from + ((kill + 1) * seconds * 1_000) / kills - performance.now()));
    await each?.(kill);
    const alive = overlay.nodes.filter(({ name }) => overlay.process(name).isRunning && !spared.includes(name));
    await overlay.kill(rng.pick(alive)?.name ?? '', 'SIGKILL');
    await overlay.addNode();
  }
  // Awaited here: what is returned is otherwise disposed of before it has judged.
  return await load.judge();
}
