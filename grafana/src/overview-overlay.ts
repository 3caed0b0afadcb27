import { BOOTSTRAP_METRICS, OVERLAY_METRICS, SERVICE_METRICS } from '@banyan/telemetry';
import type { Row } from './panel.ts';
import { PROCESS_METRICS } from './process-metrics.ts';
import { gauge, mean, observations, quantile, quantileOfAll, rate, sum } from './promql.ts';

const NODES = 'job="pastry-node"';

/** Is the ring whole, and does it route. */
export const overlayRows: readonly Row[] = [
  {
    title: 'Is it whole',
    numbers: [
      {
        title: 'Nodes up',
        meaning: 'Nodes that Prometheus reaches, and how many it should. Fewer: a process died or its admin port is away.',
        unit: 'short',
        queries: [
          { expr: `sum(${gauge(PROCESS_METRICS.up, NODES)})`, legend: 'up' },
          { expr: `count(${gauge(PROCESS_METRICS.up, NODES)})`, legend: 'expected' },
        ],
      },
      {
        title: 'Ready',
        meaning: 'Share of all services that say they are ready: in the ring, leaf set complete, not draining.',
        unit: 'percentunit',
        limits: { warn: 1, act: 0.9 },
        queries: [{ expr: `avg(${gauge(SERVICE_METRICS.ready)})`, legend: 'ready' }],
      },
      {
        title: 'Supernodes on the list',
        meaning: 'What the bootstrap service offers to those who want to join. None: nobody new can find the ring.',
        unit: 'short',
        queries: [{ expr: sum(BOOTSTRAP_METRICS.supernodes, ['state']), legend: '{{state}}' }],
      },
      {
        title: 'Peer deaths',
        meaning: 'Deaths of peers that nodes confirmed, a second. Each death is counted by every node that knew the dead one.',
        unit: 'ops',
        limits: { warn: 0.1, act: 1 },
        queries: [{ expr: rate(OVERLAY_METRICS.peerDeaths), legend: 'deaths' }],
      },
      {
        title: 'Stalls',
        meaning: 'Times a node was not scheduled for half a lease and stepped back. Any: the machine is starved or was paused.',
        unit: 'ops',
        limits: { warn: 0.001, act: 0.1 },
        queries: [{ expr: rate(OVERLAY_METRICS.stalls), legend: 'stalls' }],
      },
      {
        title: 'Versions and configurations',
        meaning: 'How many different builds and configurations run: more than one a service outside of a rollout is a mistake. Emulated sites above 0: links are slowed down on purpose, which no production overlay wants.',
        unit: 'short',
        queries: [{ expr: `count by (service) (count by (service, version, config) (${gauge(SERVICE_METRICS.buildInfo)}))`, legend: '{{service}}' }, { expr: `max(${gauge(OVERLAY_METRICS.emulatedSites)})`, legend: 'emulated sites' }],
      },
    ],
    lines: [
      {
        title: 'Leaf set and routing table',
        meaning: 'Smallest and largest leaf set, and the mean number of routing-table entries. A leaf set that stays small while others are full has lost its neighbors.',
        unit: 'short',
        queries: [
          { expr: `min(${gauge(OVERLAY_METRICS.leafSetNodes)})`, legend: 'leaf set, smallest' },
          { expr: `max(${gauge(OVERLAY_METRICS.leafSetNodes)})`, legend: 'leaf set, largest' },
          { expr: `avg(${gauge(OVERLAY_METRICS.routingTableNodes)})`, legend: 'routing table, mean' },
        ],
      },
      {
        title: 'Joins and repairs',
        meaning: 'Joins by outcome and repairs by structure, a second. Repairs without deaths: links break, not nodes. Upkeep left out: its budget is spent, tables age.',
        unit: 'ops',
        queries: [
          { expr: rate(OVERLAY_METRICS.joins, ['outcome']), legend: 'join {{outcome}}' },
          { expr: rate(OVERLAY_METRICS.repairs, ['structure']), legend: 'repair {{structure}}' },
          { expr: rate(OVERLAY_METRICS.upkeepLeftOut), legend: 'upkeep left out' },
        ],
      },
      {
        title: 'Time of a join',
        meaning: 'From a node\'s first attempt to its being in the ring, over all joins of the running nodes. Half a minute and more: a stale list of supernodes, or many joins in one gap.',
        unit: 's',
        limits: { warn: 10, act: 30 },
        queries: [
          { expr: quantileOfAll(0.5, OVERLAY_METRICS.joinDuration), legend: 'p50' },
          { expr: quantileOfAll(0.99, OVERLAY_METRICS.joinDuration), legend: 'p99' },
        ],
      },
      {
        title: 'Open links',
        meaning: 'Links of all nodes to their peers. Control links follow the leaf sets, data links the trees.',
        unit: 'short',
        isStacked: true,
        queries: [{ expr: sum(OVERLAY_METRICS.links, ['kind']), legend: '{{kind}}' }],
      },
    ],
  },
  {
    title: 'Does it route',
    lines: [
      {
        title: 'Routes',
        meaning: 'Messages delivered at the root of their key, a second, and hops acknowledged, a second.',
        unit: 'ops',
        queries: [
          { expr: observations(OVERLAY_METRICS.routeHops), legend: 'routes' },
          { expr: observations(OVERLAY_METRICS.hopRoundTrip), legend: 'hops' },
        ],
      },
      {
        title: 'Hops of a route',
        meaning: 'Mean and 99th percentile of hops, counted at the root. About log16 of the number of nodes; more means thin routing tables.',
        unit: 'short',
        queries: [
          { expr: mean(OVERLAY_METRICS.routeHops), legend: 'mean' },
          { expr: quantile(0.99, OVERLAY_METRICS.routeHops), legend: 'p99' },
        ],
      },
      {
        title: 'Time of a route',
        meaning: 'From asking a node for Route, Lookup or Trace to its answer.',
        unit: 's',
        queries: [
          { expr: quantile(0.5, OVERLAY_METRICS.routeDuration), legend: 'p50' },
          { expr: quantile(0.99, OVERLAY_METRICS.routeDuration), legend: 'p99' },
        ],
      },
      {
        title: 'Round trip of a hop',
        meaning: 'From sending a hop to its acknowledgement. p99 far above p50: single peers are slow or far away.',
        unit: 's',
        queries: [
          { expr: quantile(0.5, OVERLAY_METRICS.hopRoundTrip), legend: 'p50' },
          { expr: quantile(0.99, OVERLAY_METRICS.hopRoundTrip), legend: 'p99' },
        ],
      },
      {
        title: 'Which rule chose the hop',
        meaning: 'Hops acknowledged, by rule, hops that timed out and were tried elsewhere, and messages that waited for an attached application, by what became of them. The rare case should stay rare.',
        unit: 'ops',
        queries: [
          { expr: observations(OVERLAY_METRICS.hopRoundTrip, ['rule']), legend: '{{rule}}' },
          { expr: rate(OVERLAY_METRICS.hopTimeouts), legend: 'timed out' },
          { expr: rate(OVERLAY_METRICS.forwards, ['reason']), legend: 'forward {{reason}}' },
        ],
      },
      {
        title: 'Wait before the machine',
        meaning: 'How long an input waits in the inbox of its node. Growing: the node has more to do than one core gives.',
        unit: 's',
        limits: { warn: 0.05, act: 0.5 },
        queries: [
          { expr: quantile(0.5, OVERLAY_METRICS.inboxWait), legend: 'p50' },
          { expr: quantile(0.99, OVERLAY_METRICS.inboxWait), legend: 'p99' },
        ],
      },
      {
        title: 'Messages given up',
        meaning: 'Control messages dropped, by reason. Nothing is dropped without a reason; `other` deserves a look at the logs.',
        unit: 'ops',
        isStacked: true,
        queries: [{ expr: rate(OVERLAY_METRICS.dropped, ['reason']), legend: '{{reason}}' }],
      },
      {
        title: 'Peer faults',
        meaning: 'Links closed because a peer broke the protocol. Any: an incompatible version, a wrong certificate, or an attack.',
        unit: 'ops',
        isStacked: true,
        queries: [{ expr: rate(OVERLAY_METRICS.peerFaults, ['fault']), legend: '{{fault}}' }],
      },
      {
        title: 'Control bytes',
        meaning: 'Bytes a second on control links: what the ring costs when nothing happens.',
        unit: 'Bps',
        queries: [{ expr: rate(OVERLAY_METRICS.bytes, ['direction']), legend: '{{direction}}' }],
      },
      {
        title: 'Control messages',
        meaning: 'Messages a second on control links. In and out differ by what is lost or dropped.',
        unit: 'ops',
        queries: [{ expr: rate(OVERLAY_METRICS.messages, ['direction']), legend: '{{direction}}' }],
      },
    ],
  },
];
