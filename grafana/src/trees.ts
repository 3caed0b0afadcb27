// Multicast groups and trees: do messages arrive, what do the trees look like, what do they cost.
import { bytesHeld, bytesOfFrames, changesOfParent, childrenByNode, delivered, deliveryLag, deliveryLagP99, frames, framesGivenUp, gapsByReason, gapsTold, groupsChildrenSubscriptions, published, theDirectory, timeToAReceipt, whoReportsWhoWatches } from './multicast-panels.ts';
import type { Row } from './panel.ts';

/** From top to bottom. */
export const treeRows: readonly Row[] = [
  {
    title: 'Does it deliver',
    numbers: [
      published,
      delivered,
      deliveryLagP99,
      gapsTold,
    ],
    lines: [
      deliveryLag,
      timeToAReceipt,
      gapsByReason,
      frames,
      bytesOfFrames,
      framesGivenUp,
    ],
  },
  {
    title: 'The trees',
    graph: { title: 'Who sends to whom', meaning: 'Services and the calls between them, from sampled traces. The tree of one group, with lag and coverage on each edge, is drawn live by the console: ids of nodes and groups never stand in labels.' },
    lines: [
      groupsChildrenSubscriptions,
      childrenByNode,
      changesOfParent,
      bytesHeld,
      theDirectory,
      whoReportsWhoWatches,
    ],
  },
];
