// Leaf sets and churn: who comes and goes, and how whole the ring is meanwhile.
import type { Row } from './panel.ts';
import { deathsAndStalls, joinsAndRepairs, leafSetAndRoutingTable, leafSetByNode, leasesThatRanOut, nodesUp, peerDeaths, routingTableByNode, stalls, timeOfAJoin } from './ring-panels.ts';

/** From top to bottom. */
export const leafSetRows: readonly Row[] = [
  {
    title: 'The ring',
    numbers: [
      nodesUp,
      peerDeaths,
      stalls,
    ],
    lines: [
      leafSetAndRoutingTable,
      leafSetByNode,
      routingTableByNode,
    ],
  },
  {
    title: 'Churn',
    lines: [
      joinsAndRepairs,
      timeOfAJoin,
      deathsAndStalls,
      leasesThatRanOut,
    ],
  },
];
