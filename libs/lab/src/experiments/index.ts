import type { Experiment } from '../experiment.ts';
import { churn } from './churn.ts';
import { explore } from './explore.ts';
import { failures } from './failures.ts';
import { flashCrowd } from './flash-crowd.ts';
import { massacre } from './massacre.ts';
import { multicast } from './multicast.ts';
import { nearestReplica } from './nearest-replica.ts';
import { partition } from './partition.ts';
import { realChurn } from './real-churn.ts';
import { realVsSimulated } from './real-vs-simulated.ts';
import { replayRecording } from './replay.ts';
import { routing } from './routing.ts';
import { splitstream } from './splitstream.ts';
import { swarm } from './swarm.ts';
import { tableQuality } from './table-quality.ts';
import { treeHeal } from './tree-heal.ts';

/** Every experiment, in the order of the overview. */
export const EXPERIMENTS: readonly Experiment[] = [
  routing,
  tableQuality,
  nearestReplica,
  failures,
  churn,
  massacre,
  partition,
  multicast,
  treeHeal,
  splitstream,
  flashCrowd,
  explore,
  swarm,
  realChurn,
  realVsSimulated,
  replayRecording,
];
