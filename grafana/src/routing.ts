// Routing: how many hops, how long, by which rule, and what is given up.
import type { Row } from './panel.ts';
import { controlBytes, controlMessages, hopsOfARoute, hopsThatTimedOutByRule, messagesGivenUp, openLinks, peerFaults, roundTripOfAHop, roundTripOfAHopByRule, routes, timeOfARoute, waitBeforeTheMachine, whichRuleChoseTheHop } from './ring-panels.ts';

/** From top to bottom. */
export const routingRows: readonly Row[] = [
  {
    title: 'Does it route',
    lines: [
      routes,
      hopsOfARoute,
      timeOfARoute,
      roundTripOfAHop,
      roundTripOfAHopByRule,
      whichRuleChoseTheHop,
      hopsThatTimedOutByRule,
    ],
  },
  {
    title: 'What is given up',
    lines: [
      messagesGivenUp,
      peerFaults,
      waitBeforeTheMachine,
    ],
  },
  {
    title: 'What it costs',
    lines: [
      controlBytes,
      controlMessages,
      openLinks,
    ],
  },
];
