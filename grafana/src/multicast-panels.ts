// Panels about groups and trees: delivery, shape, slow readers.
import { BUILDER_METRICS, MULTICAST_METRICS } from '@banyan/telemetry';
import type { Panel } from './panel.ts';
import { gauge, quantile, rate, sum } from './promql.ts';


export const deliveryLag: Panel = {
  title: 'Delivery lag',
  meaning: 'From the stamp of the root to the hand-over at a subscriber\'s node.',
  unit: 's',
  queries: [
    { expr: quantile(0.5, MULTICAST_METRICS.deliveryLag), legend: 'p50' },
    { expr: quantile(0.99, MULTICAST_METRICS.deliveryLag), legend: 'p99' },
  ],
};

export const published: Panel = {
  title: 'Published',
  meaning: 'Messages a second that publishers got a receipt for.',
  unit: 'ops',
  queries: [{ expr: rate(MULTICAST_METRICS.published), legend: 'published' }],
};

export const delivered: Panel = {
  title: 'Delivered',
  meaning: 'Messages a second handed to subscribers.',
  unit: 'ops',
  queries: [{ expr: rate(MULTICAST_METRICS.delivered), legend: 'delivered' }],
};

export const deliveryLagP99: Panel = {
  title: 'Delivery lag p99',
  meaning: 'From the stamp of the root to the hand-over at a subscriber\'s node; the clocks of the hosts take part.',
  unit: 's',
  limits: { warn: 1, act: 5 },
  queries: [{ expr: quantile(0.99, MULTICAST_METRICS.deliveryLag), legend: 'p99' }],
};

export const gapsTold: Panel = {
  title: 'Gaps told',
  meaning: 'Ranges a second that subscribers were told will not come. Any in a reliable group: retention is too small for how far they fall behind.',
  unit: 'ops',
  limits: { warn: 0.001, act: 1 },
  queries: [{ expr: rate(MULTICAST_METRICS.gaps), legend: 'gaps' }],
};

export const slowReaders: Panel = {
  title: 'Slow readers',
  meaning: 'Subscribers and children without room for what there is; `banyan slow` names them. Subscribers detached for it, and times publishers were held, are per second.',
  unit: 'short',
  queries: [
    { expr: sum(MULTICAST_METRICS.slow), legend: 'slow now' },
    { expr: rate(MULTICAST_METRICS.detached), legend: 'detached' },
    { expr: rate(MULTICAST_METRICS.holds), legend: 'publishers held' },
  ],
};

export const framesGivenUp: Panel = {
  title: 'Frames given up',
  meaning: 'Frames dropped, by reason. In a reliable group they are fetched again; in a best-effort group they are gone.',
  unit: 'ops',
  isStacked: true,
  queries: [{ expr: rate(MULTICAST_METRICS.framesDropped, ['reason']), legend: '{{reason}}' }],
};

export const timeToAReceipt: Panel = {
  title: 'Time to a receipt',
  meaning: 'From taking a batch from its publisher to its receipt. In reliable groups it holds the round to a majority of the voters.',
  unit: 's',
  queries: [
    { expr: quantile(0.5, MULTICAST_METRICS.receiptDuration), legend: 'p50' },
    { expr: quantile(0.99, MULTICAST_METRICS.receiptDuration), legend: 'p99' },
  ],
};

export const gapsByReason: Panel = {
  title: 'Gaps by reason',
  meaning: 'Why messages will not come, as told to the subscribers.',
  unit: 'ops',
  isStacked: true,
  queries: [{ expr: rate(MULTICAST_METRICS.gaps, ['reason']), legend: '{{reason}}' }],
};

export const frames: Panel = {
  title: 'Frames',
  meaning: 'Frames a second on data links; out counts one for each child, so out over in is the fan-out.',
  unit: 'ops',
  queries: [{ expr: rate(MULTICAST_METRICS.frames, ['direction']), legend: '{{direction}}' }],
};

export const bytesOfFrames: Panel = {
  title: 'Bytes of frames',
  meaning: 'Bytes a second on data links, by direction.',
  unit: 'Bps',
  queries: [{ expr: rate(MULTICAST_METRICS.frameBytes, ['direction']), legend: '{{direction}}' }],
};

export const groupsChildrenSubscriptions: Panel = {
  title: 'Groups, children, subscriptions',
  meaning: 'Groups are counted on every node whose trees they are in; rooted ones once, at the node that numbers them.',
  unit: 'short',
  queries: [
    { expr: sum(MULTICAST_METRICS.groups), legend: 'places in trees' },
    { expr: sum(MULTICAST_METRICS.rooted), legend: 'groups rooted' },
    { expr: sum(MULTICAST_METRICS.children), legend: 'children' },
    { expr: sum(MULTICAST_METRICS.subscriptions), legend: 'subscriptions' },
    { expr: `max(${gauge(MULTICAST_METRICS.children)})`, legend: 'children, busiest node' },
  ],
};

export const childrenByNode: Panel = {
  title: 'Children, by node',
  meaning: 'Over all groups. A node far above the others has too much capacity said, or the others too little.',
  unit: 'short',
  isByNode: true,
  queries: [
    { expr: gauge(MULTICAST_METRICS.children), legend: '{{node}}' },
  ],
};

export const changesOfParent: Panel = {
  title: 'Changes of parent',
  meaning: 'Moves a second, better parents that the tree builder named, and what became of them. A burst after a death is the repair; a steady rate is a tree that does not settle.',
  unit: 'ops',
  queries: [
    { expr: rate(MULTICAST_METRICS.moves), legend: 'moves' },
    { expr: rate(BUILDER_METRICS.advice), legend: 'advised' },
    { expr: rate(MULTICAST_METRICS.advice, ['outcome']), legend: 'advice {{outcome}}' },
  ],
};

export const bytesHeld: Panel = {
  title: 'Bytes held',
  meaning: 'What nodes keep for late starters and repairs, and what publishers wait a receipt for.',
  unit: 'bytes',
  queries: [
    { expr: sum(MULTICAST_METRICS.retainedBytes), legend: 'retained' },
    { expr: sum(MULTICAST_METRICS.unreceiptedBytes), legend: 'without receipt' },
  ],
};

export const theDirectory: Panel = {
  title: 'The directory',
  meaning: 'Groups that the tree builder knows, and the places of nodes it has heard of.',
  unit: 'short',
  queries: [
    { expr: sum(BUILDER_METRICS.groups), legend: 'groups' },
    { expr: sum(BUILDER_METRICS.places), legend: 'places' },
  ],
};

export const whoReportsWhoWatches: Panel = {
  title: 'Who reports, who watches',
  meaning: 'Nodes that report their places to the tree builder, and clients that watch trees. Fewer reporters than nodes: the picture has holes.',
  unit: 'short',
  queries: [
    { expr: sum(BUILDER_METRICS.reporters), legend: 'reporters' },
    { expr: sum(BUILDER_METRICS.watchers), legend: 'watchers' },
    { expr: sum(BUILDER_METRICS.advised), legend: 'advised nodes' },
  ],
};

export const slowNow: Panel = {
  title: 'Slow now',
  meaning: 'Subscribers and children without room for what there is; the console and `banyan slow` name them and say what to do.',
  unit: 'short',
  limits: { warn: 1, act: 10 },
  queries: [
    { expr: sum(MULTICAST_METRICS.slow), legend: 'slow' },
  ],
};

export const detached: Panel = {
  title: 'Detached',
  meaning: 'Subscribers detached because they were too far behind for too long, a second.',
  unit: 'ops',
  limits: { warn: 0.001, act: 0.1 },
  queries: [
    { expr: rate(MULTICAST_METRICS.detached), legend: 'detached' },
  ],
};

export const publishersHeld: Panel = {
  title: 'Publishers held',
  meaning: 'Times a root held publishers for a slow subscriber that counts, a second.',
  unit: 'ops',
  limits: { warn: 0.1, act: 1 },
  queries: [
    { expr: rate(MULTICAST_METRICS.holds), legend: 'held' },
  ],
};

export const slowReadersByNode: Panel = {
  title: 'Slow readers, by node',
  meaning: 'Where they are: at one node only, its clients or its links are to blame; everywhere, the group is faster than its readers.',
  unit: 'short',
  isByNode: true,
  queries: [
    { expr: gauge(MULTICAST_METRICS.slow), legend: '{{node}}' },
  ],
};

export const waitingForReceiptsByNode: Panel = {
  title: 'Waiting for receipts, by node',
  meaning: 'Bytes taken from local publishers that have no receipt yet: who is held for a slow reader shows here.',
  unit: 'bytes',
  isByNode: true,
  queries: [
    { expr: gauge(MULTICAST_METRICS.unreceiptedBytes), legend: '{{node}}' },
  ],
};

export const subscriptionsByNode: Panel = {
  title: 'Subscriptions, by node',
  meaning: 'Local subscriptions, slow or not.',
  unit: 'short',
  isByNode: true,
  queries: [
    { expr: gauge(MULTICAST_METRICS.subscriptions), legend: '{{node}}' },
  ],
};

export const groups: Panel = {
  title: 'Groups',
  meaning: 'Groups whose tree it is in, and those it numbers.',
  unit: 'short',
  queries: [
    { expr: gauge(MULTICAST_METRICS.groups), legend: 'in the tree' },
    { expr: gauge(MULTICAST_METRICS.rooted), legend: 'root' },
  ],
};

export const children: Panel = {
  title: 'Children',
  meaning: 'Over all groups. A node far above the others has too much capacity said, or the others too little.',
  unit: 'short',
  isByNode: true,
  queries: [
    { expr: gauge(MULTICAST_METRICS.children), legend: '{{node}}' },
  ],
};
