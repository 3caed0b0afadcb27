// Runtime: what the processes cost, each for itself.
import type { Row } from './panel.ts';
import { cpu, eventLoopLagP99, javascriptHeap, memory, openFilesAndSockets, pausesOfTheGarbageCollector } from './service-panels.ts';

/** From top to bottom. */
export const runtimeRows: readonly Row[] = [
  {
    title: 'What it costs',
    lines: [
      cpu,
      memory,
      eventLoopLagP99,
      javascriptHeap,
      pausesOfTheGarbageCollector,
      openFilesAndSockets,
    ],
  },
];
