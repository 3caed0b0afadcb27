// Node detail: everything about one process. The variable `node` picks it; lines of other dashboards lead here.
import { bytesHeld, bytesOfFrames, children, deliveryLag, frames, groups, slowReaders } from './multicast-panels.ts';
import type { Row } from './panel.ts';
import { joinsAndRepairs, leafSet, messagesGivenUp, openLinks, roundTripOfAHop, routingTable, waitBeforeTheMachine, whichRuleChoseTheHop } from './ring-panels.ts';
import { calls, callsThatFailed, certificatesExpireIn, cpu, eventLoopLagP99, javascriptHeap, memory, openFilesAndSockets, pausesOfTheGarbageCollector, readyOfTheNode, timeOfACallP99 } from './service-panels.ts';

/** From top to bottom. */
export const nodeRows: readonly Row[] = [
  {
    title: 'Its place in the ring',
    numbers: [
      readyOfTheNode,
      leafSet,
      routingTable,
      groups,
    ],
    lines: [
      roundTripOfAHop,
      whichRuleChoseTheHop,
      joinsAndRepairs,
      openLinks,
      waitBeforeTheMachine,
      messagesGivenUp,
    ],
  },
  {
    title: 'Its part in the trees',
    lines: [
      children,
      frames,
      bytesOfFrames,
      deliveryLag,
      slowReaders,
      bytesHeld,
    ],
  },
  {
    title: 'Its process',
    lines: [
      cpu,
      memory,
      eventLoopLagP99,
      javascriptHeap,
      pausesOfTheGarbageCollector,
      openFilesAndSockets,
      calls,
      callsThatFailed,
      timeOfACallP99,
      certificatesExpireIn,
    ],
  },
];
