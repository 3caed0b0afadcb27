// Panels about the ring: who is in it, how it routes, what it gives up.
import { AUTH_METRICS, BOOTSTRAP_METRICS, OVERLAY_METRICS, SERVICE_METRICS } from '@banyan/telemetry';
import type { Panel } from './panel.ts';
import { PROCESS_METRICS } from './process-metrics.ts';
import { gauge, mean, observations, quantile, quantileOfAll, rate, sum } from './promql.ts';

const NODES = 'job="pastry-node"';

export const nodesUp: Panel = {
  title: 'Nodes up',
  meaning: 'Nodes that Prometheus reaches, and how many it should. Fewer: a process died or its admin port is away.',
  unit: 'short',
  queries: [
    { expr: `sum(${gauge(PROCESS_METRICS.up, NODES)})`, legend: 'up' },
    { expr: `count(${gauge(PROCESS_METRICS.up, NODES)})`, legend: 'expected' },
  ],
};

export const supernodesOnTheList: Panel = {
  title: 'Supernodes on the list',
  meaning: 'What the bootstrap service offers to those who want to join. None: nobody new can find the ring.',
  unit: 'short',
  queries: [{ expr: sum(BOOTSTRAP_METRICS.supernodes, ['state']), legend: '{{state}}' }],
};

export const peerDeaths: Panel = {
  title: 'Peer deaths',
  meaning: 'Deaths of peers that nodes confirmed, a second. Each death is counted by every node that knew the dead one.',
  unit: 'ops',
  limits: { warn: 0.1, act: 1 },
  queries: [{ expr: rate(OVERLAY_METRICS.peerDeaths), legend: 'deaths' }],
};

export const stalls: Panel = {
  title: 'Stalls',
  meaning: 'Times a node was not scheduled for half a lease and stepped back. Any: the machine is starved or was paused.',
  unit: 'ops',
  limits: { warn: 0.001, act: 0.1 },
  queries: [{ expr: rate(OVERLAY_METRICS.stalls), legend: 'stalls' }],
};

export const timeOfARoute: Panel = {
  title: 'Time of a route',
  meaning: 'From asking a node for Route, Lookup or Trace to its answer.',
  unit: 's',
  queries: [
    { expr: quantile(0.5, OVERLAY_METRICS.routeDuration), legend: 'p50' },
    { expr: quantile(0.99, OVERLAY_METRICS.routeDuration), legend: 'p99' },
  ],
};

export const messagesGivenUp: Panel = {
  title: 'Messages given up',
  meaning: 'Control messages dropped, by reason. Nothing is dropped without a reason; `other` deserves a look at the logs.',
  unit: 'ops',
  isStacked: true,
  queries: [{ expr: rate(OVERLAY_METRICS.dropped, ['reason']), legend: '{{reason}}' }],
};

export const routes: Panel = {
  title: 'Routes',
  meaning: 'Messages delivered at the root of their key, a second, and hops acknowledged, a second.',
  unit: 'ops',
  queries: [
    { expr: observations(OVERLAY_METRICS.routeHops), legend: 'routes' },
    { expr: observations(OVERLAY_METRICS.hopRoundTrip), legend: 'hops' },
  ],
};

export const hopsOfARoute: Panel = {
  title: 'Hops of a route',
  meaning: 'Mean and 99th percentile of hops, counted at the root. About log16 of the number of nodes; more means thin routing tables.',
  unit: 'short',
  queries: [
    { expr: mean(OVERLAY_METRICS.routeHops), legend: 'mean' },
    { expr: quantile(0.99, OVERLAY_METRICS.routeHops), legend: 'p99' },
  ],
};

export const roundTripOfAHop: Panel = {
  title: 'Round trip of a hop',
  meaning: 'From sending a hop to its acknowledgement. p99 far above p50: single peers are slow or far away.',
  unit: 's',
  queries: [
    { expr: quantile(0.5, OVERLAY_METRICS.hopRoundTrip), legend: 'p50' },
    { expr: quantile(0.99, OVERLAY_METRICS.hopRoundTrip), legend: 'p99' },
  ],
};

export const roundTripOfAHopByRule: Panel = {
  title: 'Round trip of a hop, by rule',
  meaning: '99th percentile. The leaf set is near in the ring and anywhere on the map; rows of the routing table are chosen by nearness, so their hops should be short.',
  unit: 's',
  queries: [
    { expr: quantile(0.99, OVERLAY_METRICS.hopRoundTrip, ['rule']), legend: '{{rule}}' },
  ],
};

export const whichRuleChoseTheHop: Panel = {
  title: 'Which rule chose the hop',
  meaning: 'Hops acknowledged, by rule, hops that timed out and were tried elsewhere, and messages that waited for an attached application, by what became of them. The rare case should stay rare.',
  unit: 'ops',
  queries: [
    { expr: observations(OVERLAY_METRICS.hopRoundTrip, ['rule']), legend: '{{rule}}' },
    { expr: rate(OVERLAY_METRICS.hopTimeouts), legend: 'timed out' },
    { expr: rate(OVERLAY_METRICS.forwards, ['reason']), legend: 'forward {{reason}}' },
  ],
};

export const hopsThatTimedOutByRule: Panel = {
  title: 'Hops that timed out, by rule',
  meaning: 'Hops that were not acknowledged in time and tried elsewhere. Of the leaf set: neighbors die; of the routing table: its entries age.',
  unit: 'ops',
  isStacked: true,
  queries: [
    { expr: rate(OVERLAY_METRICS.hopTimeouts, ['rule']), legend: '{{rule}}' },
  ],
};

export const peerFaults: Panel = {
  title: 'Peer faults',
  meaning: 'Links closed because a peer broke the protocol. Any: an incompatible version, a wrong certificate, or an attack.',
  unit: 'ops',
  isStacked: true,
  queries: [{ expr: rate(OVERLAY_METRICS.peerFaults, ['fault']), legend: '{{fault}}' }],
};

export const waitBeforeTheMachine: Panel = {
  title: 'Wait before the machine',
  meaning: 'How long an input waits in the inbox of its node. Growing: the node has more to do than one core gives.',
  unit: 's',
  limits: { warn: 0.05, act: 0.5 },
  queries: [
    { expr: quantile(0.5, OVERLAY_METRICS.inboxWait), legend: 'p50' },
    { expr: quantile(0.99, OVERLAY_METRICS.inboxWait), legend: 'p99' },
  ],
};

export const controlBytes: Panel = {
  title: 'Control bytes',
  meaning: 'Bytes a second on control links: what the ring costs when nothing happens.',
  unit: 'Bps',
  queries: [{ expr: rate(OVERLAY_METRICS.bytes, ['direction']), legend: '{{direction}}' }],
};

export const controlMessages: Panel = {
  title: 'Control messages',
  meaning: 'Messages a second on control links. In and out differ by what is lost or dropped.',
  unit: 'ops',
  queries: [{ expr: rate(OVERLAY_METRICS.messages, ['direction']), legend: '{{direction}}' }],
};

export const openLinks: Panel = {
  title: 'Open links',
  meaning: 'Links of all nodes to their peers. Control links follow the leaf sets, data links the trees.',
  unit: 'short',
  isStacked: true,
  queries: [{ expr: sum(OVERLAY_METRICS.links, ['kind']), legend: '{{kind}}' }],
};

export const leafSetAndRoutingTable: Panel = {
  title: 'Leaf set and routing table',
  meaning: 'Smallest and largest leaf set, and the mean number of routing-table entries. A leaf set that stays small while others are full has lost its neighbors.',
  unit: 'short',
  queries: [
    { expr: `min(${gauge(OVERLAY_METRICS.leafSetNodes)})`, legend: 'leaf set, smallest' },
    { expr: `max(${gauge(OVERLAY_METRICS.leafSetNodes)})`, legend: 'leaf set, largest' },
    { expr: `avg(${gauge(OVERLAY_METRICS.routingTableNodes)})`, legend: 'routing table, mean' },
  ],
};

export const leafSetByNode: Panel = {
  title: 'Leaf set, by node',
  meaning: 'A node whose leaf set stays small while others are full has lost its neighbors.',
  unit: 'short',
  isByNode: true,
  queries: [
    { expr: gauge(OVERLAY_METRICS.leafSetNodes), legend: '{{node}}' },
  ],
};

export const routingTableByNode: Panel = {
  title: 'Routing table, by node',
  meaning: 'Filled entries. They grow with the ring and with age; a sudden fall is a loss of links.',
  unit: 'short',
  isByNode: true,
  queries: [
    { expr: gauge(OVERLAY_METRICS.routingTableNodes), legend: '{{node}}' },
  ],
};

export const joinsAndRepairs: Panel = {
  title: 'Joins and repairs',
  meaning: 'Joins by outcome and repairs by structure, a second. Repairs without deaths: links break, not nodes. Upkeep left out: its budget is spent, tables age.',
  unit: 'ops',
  queries: [
    { expr: rate(OVERLAY_METRICS.joins, ['outcome']), legend: 'join {{outcome}}' },
    { expr: rate(OVERLAY_METRICS.repairs, ['structure']), legend: 'repair {{structure}}' },
    { expr: rate(OVERLAY_METRICS.upkeepLeftOut), legend: 'upkeep left out' },
  ],
};

export const deathsAndStalls: Panel = {
  title: 'Deaths and stalls',
  meaning: 'Deaths of peers as each node counts them, and stalls, a second. A stall just before deaths: the node that stalled was believed dead.',
  unit: 'ops',
  queries: [
    { expr: rate(OVERLAY_METRICS.peerDeaths), legend: 'deaths' },
    { expr: rate(OVERLAY_METRICS.stalls), legend: 'stalls' },
  ],
};

export const leasesThatRanOut: Panel = {
  title: 'Leases that ran out',
  meaning: 'Nodes that left the list of the bootstrap service without a word, a second, and nodes on it.',
  unit: 'short',
  queries: [
    { expr: rate(BOOTSTRAP_METRICS.leasesExpired), legend: 'leases expired' },
    { expr: sum(BOOTSTRAP_METRICS.supernodes, ['state']), legend: '{{state}}' },
  ],
};

export const versionsAndConfigurations: Panel = {
  title: 'Versions and configurations',
  meaning: 'How many different builds and configurations run: more than one a service outside of a rollout is a mistake. Emulated sites above 0: links are slowed down on purpose, which no production overlay wants.',
  unit: 'short',
  queries: [{ expr: `count by (service) (count by (service, version, config) (${gauge(SERVICE_METRICS.buildInfo)}))`, legend: '{{service}}' }, { expr: `max(${gauge(OVERLAY_METRICS.emulatedSites)})`, legend: 'emulated sites' }],
};

export const refusalsAndExpiredLeases: Panel = {
  title: 'Refusals and expired leases',
  meaning: 'Requests the authority refused, and nodes that left the supernode list without a word.',
  unit: 'ops',
  queries: [
    { expr: rate(AUTH_METRICS.refusals, ['request']), legend: 'refused: {{request}}' },
    { expr: rate(BOOTSTRAP_METRICS.leasesExpired), legend: 'leases expired' },
  ],
};

export const leafSet: Panel = {
  title: 'Leaf set',
  meaning: 'Nodes in its leaf set.',
  unit: 'short',
  queries: [
    { expr: gauge(OVERLAY_METRICS.leafSetNodes), legend: '{{node}}' },
  ],
};

export const routingTable: Panel = {
  title: 'Routing table',
  meaning: 'Filled entries.',
  unit: 'short',
  queries: [
    { expr: gauge(OVERLAY_METRICS.routingTableNodes), legend: '{{node}}' },
  ],
};

export const timeOfAJoin: Panel = {
  title: 'Time of a join',
  meaning: 'From a node\'s first attempt to its being in the ring, over all joins of the running nodes. Half a minute and more: a stale list of supernodes, or many joins in one gap.',
  unit: 's',
  limits: { warn: 10, act: 30 },
  queries: [
    { expr: quantileOfAll(0.5, OVERLAY_METRICS.joinDuration), legend: 'p50' },
    { expr: quantileOfAll(0.99, OVERLAY_METRICS.joinDuration), legend: 'p99' },
  ],
};
