// Slow consumers: how many, where, and who pays for them.
import { deliveryLag, detached, gapsByReason, publishersHeld, slowNow, slowReaders, slowReadersByNode, subscriptionsByNode, waitingForReceiptsByNode } from './multicast-panels.ts';
import type { Row } from './panel.ts';

/** From top to bottom. */
export const slowRows: readonly Row[] = [
  {
    title: 'Who keeps whom waiting',
    numbers: [
      slowNow,
      detached,
      publishersHeld,
    ],
    lines: [
      slowReaders,
      slowReadersByNode,
      waitingForReceiptsByNode,
    ],
  },
  {
    title: 'Around them',
    lines: [
      subscriptionsByNode,
      gapsByReason,
      deliveryLag,
    ],
  },
];
