// Overview and objectives: is the overlay whole, does it deliver, are its promises kept. Few numbers; each leads to the
// dashboard that explains it.
import { delivered, deliveryLag, deliveryLagP99, framesGivenUp, gapsTold, published, slowReaders } from './multicast-panels.ts';
import { leadingTo, type Row } from './panel.ts';
import { messagesGivenUp, nodesUp, peerDeaths, stalls, supernodesOnTheList, timeOfARoute } from './ring-panels.ts';
import { alerts, callsThatFailed, cpu, errorsOfTheObjectives, paceAtWhichBudgetsAreSpent, ready } from './service-panels.ts';

/** From top to bottom. */
export const overviewRows: readonly Row[] = [
  {
    title: 'Is it whole',
    numbers: [
      leadingTo('banyan-leaf-sets', nodesUp),
      leadingTo('banyan-control-plane', ready),
      leadingTo('banyan-control-plane', supernodesOnTheList),
      leadingTo('banyan-leaf-sets', peerDeaths),
      leadingTo('banyan-runtime', stalls),
      alerts,
    ],
    lines: [
      leadingTo('banyan-routing', timeOfARoute),
      leadingTo('banyan-trees', deliveryLag),
      leadingTo('banyan-runtime', cpu),
    ],
  },
  {
    title: 'Are the promises kept',
    numbers: [
      leadingTo('banyan-trees', published),
      leadingTo('banyan-trees', delivered),
      leadingTo('banyan-trees', deliveryLagP99),
      leadingTo('banyan-trees', gapsTold),
    ],
    lines: [
      errorsOfTheObjectives,
      paceAtWhichBudgetsAreSpent,
      leadingTo('banyan-slow', slowReaders),
      leadingTo('banyan-routing', messagesGivenUp),
      leadingTo('banyan-trees', framesGivenUp),
      leadingTo('banyan-control-plane', callsThatFailed),
    ],
  },
];
