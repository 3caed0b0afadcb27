import { OVERLAY_METRICS, SERVICE_METRICS } from '@banyan/telemetry';
import type { Alert } from './alert.ts';
import { gauge, increase, JOINS_FAILED, observations, ofYoung, quantile, rate } from './promql.ts';

const NODES = 'job="pastry-node"';
const UP = `up{${NODES}}`;

const MINUTE = 60;

/** A node that started when the course begins, and joined once, after so many seconds. */
function joinOf(tookS: number): Readonly<Record<string, string>> {
  const labels = '{job="pastry-node", node="node-1"}';
  return { [`process_start_time_seconds${labels}`]: '0x40', [`banyan_overlay_join_duration_seconds_sum${labels}`]: `0x4 ${tookS}x40`, [`banyan_overlay_join_duration_seconds_count${labels}`]: '0x4 1x40' };
}

/** Is the ring whole, and does it route. */
export const overlayAlerts: readonly Alert[] = [
  {
    name: 'BanyanNodeDown',
    severity: 'warning',
    expr: () => `${UP} == 0`,
    forS: 30,
    summary: 'Node {{ $labels.node }} cannot be scraped.',
    description: 'The process is gone or its admin port is out of reach. Its keys and children are with others by now; one node less carries the load.',
    fires: { series: { 'up{job="pastry-node", node="node-1"}': '1x4 0x20' }, afterS: 150, labels: { job: 'pastry-node', node: 'node-1' } },
    silent: { series: { 'up{job="pastry-node", node="node-1"}': '1x4 0 1x20' }, afterS: 150 },
  },
  {
    name: 'BanyanManyNodesDown',
    severity: 'critical',
    expr: () => `sum(${UP}) / count(${UP}) < 0.75`,
    forS: 30,
    summary: 'More than a quarter of the nodes cannot be scraped.',
    description: 'A zone, a switch or a rollout took many nodes at once. Groups whose voters are among them refuse to publish (NO_QUORUM) until a majority is back.',
    fires: { series: { 'up{job="pastry-node", node="node-1"}': '1x20', 'up{job="pastry-node", node="node-2"}': '0x20' }, afterS: 120, labels: {} },
    silent: { series: { 'up{job="pastry-node", node="node-1"}': '1x20', 'up{job="pastry-node", node="node-2"}': '1x20' }, afterS: 120 },
  },
  {
    name: 'BanyanNodesAbsent',
    severity: 'critical',
    expr: () => `absent(${UP})`,
    forS: MINUTE,
    summary: 'Prometheus knows no node at all.',
    description: 'Nothing with job="pastry-node" is scraped: the scrape configuration lost its targets, or nothing runs. No other alert about nodes can fire while this one does.',
    fires: { series: { 'up{job="auth", node="auth"}': '1x20' }, afterS: 120, labels: { job: 'pastry-node' } },
    silent: { series: { 'up{job="pastry-node", node="node-1"}': '0x20' }, afterS: 120 },
  },
  {
    name: 'BanyanNodeNotReady',
    severity: 'warning',
    expr: () => `${gauge(SERVICE_METRICS.ready, NODES)} == 0`,
    forS: 2 * MINUTE,
    summary: 'Node {{ $labels.node }} runs and is not in the ring.',
    description: 'It joins, steps back again and again, or drains. Clients are sent elsewhere; the ring is smaller than it seems.',
    fires: { series: { 'banyan_ready{job="pastry-node", node="node-1"}': '0x20' }, afterS: 180, labels: { job: 'pastry-node', node: 'node-1' } },
    silent: { series: { 'banyan_ready{job="pastry-node", node="node-1"}': '0x3 1x20' }, afterS: 180 },
  },
  {
    name: 'BanyanLeafSetThin',
    severity: 'warning',
    expr: () => `${gauge(OVERLAY_METRICS.leafSetNodes)} < 0.5 * scalar(quantile(0.5, ${gauge(OVERLAY_METRICS.leafSetNodes)}))`,
    forS: 5 * MINUTE,
    summary: 'Node {{ $labels.node }} has lost most of its ring neighbors.',
    description: 'Its leaf set is less than half as large as those of others and does not recover: it is cut off from a part of the ring, or its certificate is refused. Should the rest of its neighbors go, its keys have no owner.',
    fires: { series: { 'banyan_overlay_leaf_set_nodes{node="node-1"}': '3x40', 'banyan_overlay_leaf_set_nodes{node="node-2"}': '16x40', 'banyan_overlay_leaf_set_nodes{node="node-3"}': '16x40' }, afterS: 400, labels: { node: 'node-1' } },
    silent: { series: { 'banyan_overlay_leaf_set_nodes{node="node-1"}': '12x40', 'banyan_overlay_leaf_set_nodes{node="node-2"}': '16x40', 'banyan_overlay_leaf_set_nodes{node="node-3"}': '16x40' }, afterS: 400 },
  },
  {
    name: 'BanyanNodeStalls',
    severity: 'warning',
    expr: (span) => `${increase(span, OVERLAY_METRICS.stalls, { s: 10 * MINUTE, by: ['node'] })} > 0`,
    forS: 0,
    summary: 'Node {{ $labels.node }} was not scheduled for half a lease.',
    description: 'The machine was starved of CPU, swapped, or was paused. The node stepped back and joined again, which costs its neighbors work and its clients a move.',
    fires: { series: { 'banyan_overlay_stalls_total{node="node-1"}': '0x4 1x20' }, afterS: 150, labels: { node: 'node-1' } },
    silent: { series: { 'banyan_overlay_stalls_total{node="node-1"}': '7x40' }, afterS: 150 },
  },
  {
    name: 'BanyanPeersDie',
    severity: 'warning',
    expr: (span) => `${rate(span, OVERLAY_METRICS.peerDeaths, { s: 5 * MINUTE })} / sum(${UP}) > 0.05`,
    forS: 5 * MINUTE,
    summary: 'Nodes lose their peers faster than one in twenty seconds each.',
    description: 'Many nodes die, or links between them break: a network fault, a crash loop, or leases too short for the machines. Lookups wait for the leases of the dead.',
    fires: { series: { 'banyan_overlay_peer_deaths_total{node="node-1"}': '0+2x60', 'up{job="pastry-node", node="node-1"}': '1x60' }, afterS: 720, labels: {} },
    silent: { series: { 'banyan_overlay_peer_deaths_total{node="node-1"}': '0x20 16x40', 'up{job="pastry-node", node="node-1"}': '1x60' }, afterS: 800 },
  },
  {
    name: 'BanyanJoinsFail',
    severity: 'warning',
    expr: (span) => `${increase(span, OVERLAY_METRICS.joins, { s: 15 * MINUTE, where: JOINS_FAILED })} > 3`,
    forS: 0,
    summary: 'Nodes try to join the ring and fail.',
    description: 'The list of supernodes names nobody who answers, certificates are refused, or the ring is cut. Capacity that was added is not there.',
    fires: { series: { 'banyan_overlay_joins_total{node="node-1", outcome="refused"}': '0+1x60' }, afterS: 600, labels: {} },
    silent: { series: { 'banyan_overlay_joins_total{node="node-1", outcome="refused"}': '0x20 1x40', 'banyan_overlay_joins_total{node="node-1", outcome="started"}': '0+1x60' }, afterS: 600 },
  },
  {
    name: 'BanyanJoinsSlow',
    severity: 'warning',
    expr: (span) => `${ofYoung(span, OVERLAY_METRICS.joinDuration, 'sum', 15 * MINUTE)} / ${ofYoung(span, OVERLAY_METRICS.joinDuration, 'count', 15 * MINUTE)} > 30`,
    forS: 0,
    summary: 'Node {{ $labels.node }} took over half a minute to join the ring.',
    description: 'A stale list of supernodes, many joins in one gap, or neighbors that answer late. Capacity comes late, and every step of a rollout takes as long.',
    fires: { series: joinOf(40), afterS: 300, labels: { job: 'pastry-node', node: 'node-1' } },
    silent: { series: joinOf(4), afterS: 300 },
  },
  {
    name: 'BanyanMessagesGivenUp',
    severity: 'warning',
    expr: (span) => `${rate(span, OVERLAY_METRICS.dropped, { s: 5 * MINUTE })} / ${rate(span, OVERLAY_METRICS.messages, { s: 5 * MINUTE, where: 'direction="out"' })} > 0.01`,
    forS: 5 * MINUTE,
    summary: 'More than one in a hundred control messages is given up.',
    description: 'See the reasons on the dashboard. Lookups fail or come late; multicast goes on over its trees but repairs slowly.',
    fires: { series: { 'banyan_overlay_messages_dropped_total{node="node-1", reason="timeout"}': '0+5x60', 'banyan_overlay_messages_total{node="node-1", direction="out"}': '0+100x60' }, afterS: 720, labels: {} },
    silent: { series: { 'banyan_overlay_messages_dropped_total{node="node-1", reason="timeout"}': '0+1x60', 'banyan_overlay_messages_total{node="node-1", direction="out"}': '0+1000x60' }, afterS: 720 },
  },
  {
    name: 'BanyanPeerFaults',
    severity: 'warning',
    expr: (span) => `${increase(span, OVERLAY_METRICS.peerFaults, { s: 10 * MINUTE, by: ['fault'] })} > 0`,
    forS: 0,
    summary: 'Links were closed because a peer broke the protocol ({{ $labels.fault }}).',
    description: 'An incompatible version, a wrong certificate, a bug, or an attack. The link is closed and counted; nothing was taken from it.',
    fires: { series: { 'banyan_overlay_peer_faults_total{node="node-1", fault="frame_malformed"}': '0x4 2x20' }, afterS: 150, labels: { fault: 'frame_malformed' } },
    silent: { series: { 'banyan_overlay_peer_faults_total{node="node-1", fault="frame_malformed"}': '2x40' }, afterS: 150 },
  },
  {
    name: 'BanyanHopsTimeOut',
    severity: 'warning',
    expr: (span) => `${rate(span, OVERLAY_METRICS.hopTimeouts, { s: 5 * MINUTE })} / ${observations(span, OVERLAY_METRICS.hopRoundTrip, { s: 5 * MINUTE })} > 0.1`,
    forS: 5 * MINUTE,
    summary: 'More than one in ten hops is not acknowledged in time.',
    description: 'Messages go around silent nodes and come late. Packets are lost, machines are overloaded, or many nodes died just now.',
    fires: { series: { 'banyan_overlay_hop_timeouts_total{node="node-1", rule="leaf_set"}': '0+3x60', 'banyan_overlay_hop_rtt_seconds_count{node="node-1", rule="leaf_set"}': '0+10x60' }, afterS: 720, labels: {} },
    silent: { series: { 'banyan_overlay_hop_timeouts_total{node="node-1", rule="leaf_set"}': '0+1x60', 'banyan_overlay_hop_rtt_seconds_count{node="node-1", rule="leaf_set"}': '0+100x60' }, afterS: 720 },
  },
  {
    name: 'BanyanInboxWaits',
    severity: 'critical',
    expr: (span) => `${quantile(span, 0.99, OVERLAY_METRICS.inboxWait, { s: 5 * MINUTE, by: ['node'] })} > 0.5`,
    forS: 5 * MINUTE,
    summary: 'Inputs of node {{ $labels.node }} wait longer than half a second.',
    description: 'It has more to do than one core gives. Its heartbeats come late, and soon its neighbors believe it dead.',
    fires: { series: { 'banyan_overlay_inbox_wait_seconds_bucket{node="node-1", le="0.5"}': '0x60', 'banyan_overlay_inbox_wait_seconds_bucket{node="node-1", le="1"}': '0+10x60', 'banyan_overlay_inbox_wait_seconds_bucket{node="node-1", le="+Inf"}': '0+10x60' }, afterS: 720, labels: { node: 'node-1' } },
    silent: { series: { 'banyan_overlay_inbox_wait_seconds_bucket{node="node-1", le="0.5"}': '0+10x60', 'banyan_overlay_inbox_wait_seconds_bucket{node="node-1", le="1"}': '0+10x60', 'banyan_overlay_inbox_wait_seconds_bucket{node="node-1", le="+Inf"}': '0+10x60' }, afterS: 720 },
  },
  {
    name: 'BanyanLinksEmulated',
    severity: 'warning',
    expr: () => `max by (node) (${gauge(OVERLAY_METRICS.emulatedSites)}) > 0`,
    forS: 5 * MINUTE,
    summary: 'Node {{ $labels.node }} slows its links down on purpose.',
    description: 'BANYAN_EMULATE_LATENCY is set: for laboratories only. Every message through it is late.',
    fires: { series: { 'banyan_overlay_emulated_sites{node="node-1"}': '48x40' }, afterS: 400, labels: { node: 'node-1' } },
    silent: { series: { 'banyan_overlay_emulated_sites{node="node-1"}': '0x40' }, afterS: 400 },
  },
  {
    name: 'BanyanVersionsMixed',
    severity: 'warning',
    expr: () => `count by (service) (count by (service, version) (${gauge(SERVICE_METRICS.buildInfo)})) > 1`,
    forS: 60 * MINUTE,
    summary: 'Several versions of {{ $labels.service }} have been running for an hour.',
    description: 'A rollout stopped half-way. Neighboring versions understand each other; do not begin the next upgrade before this one is over.',
    fires: { series: { 'banyan_build_info{service="pastry-node", version="1", config="a"}': '1x300', 'banyan_build_info{service="pastry-node", version="2", config="a"}': '1x300' }, afterS: 3_900, labels: { service: 'pastry-node' } },
    silent: { series: { 'banyan_build_info{service="pastry-node", version="1", config="a"}': '1x300', 'banyan_build_info{service="pastry-node", version="1", config="b"}': '1x300' }, afterS: 3_900 },
  },
];
