import { AUTH_METRICS, BOOTSTRAP_METRICS, BUILDER_METRICS, SERVICE_METRICS } from '@banyan/telemetry';
import type { Alert } from './alert.ts';
import { gauge, observations, rate } from './promql.ts';

const MINUTE = 60;
/** What is the callee's fault, not the caller's. */
const FAULTS = 'code=~"INTERNAL|UNKNOWN|DATA_LOSS|UNAVAILABLE|DEADLINE_EXCEEDED|RESOURCE_EXHAUSTED"';

/** Do the services of the control plane answer, and has every process what it needs. */
export const serviceAlerts: readonly Alert[] = [
  {
    name: 'BanyanControlPlaneDown',
    severity: 'critical',
    expr: () => 'up{job=~"auth|bootstrap|tree-builder"} == 0',
    forS: MINUTE,
    summary: '{{ $labels.job }} ({{ $labels.node }}) cannot be scraped.',
    description: 'What runs goes on without it: groups, lookups, joins of nodes that know others. New certificates and tokens, new groups and the first join of a new node wait.',
    fires: { series: { 'up{job="auth", node="auth"}': '1x4 0x20' }, afterS: 180, labels: { job: 'auth', node: 'auth' } },
    silent: { series: { 'up{job="auth", node="auth"}': '1x24', 'up{job="pastry-node", node="node-1"}': '0x24' }, afterS: 180 },
  },
  ...(['auth', 'bootstrap', 'tree-builder'] as const).map(absentAlert),
  {
    name: 'BanyanCallsFail',
    severity: 'warning',
    expr: (span) => `${observations(span, SERVICE_METRICS.rpcServerDuration, { s: 5 * MINUTE, where: FAULTS, by: ['job'] })} / ${observations(span, SERVICE_METRICS.rpcServerDuration, { s: 5 * MINUTE, by: ['job'] })} > 0.05`,
    forS: 5 * MINUTE,
    summary: 'One in twenty calls to {{ $labels.job }} fails by its own fault.',
    description: 'Refused callers do not count, only what the service could not do. The log has an event for each, with its reason.',
    fires: { series: { 'banyan_rpc_server_call_duration_seconds_count{job="auth", method="/a/B", code="INTERNAL"}': '0+1x60', 'banyan_rpc_server_call_duration_seconds_count{job="auth", method="/a/B", code="OK"}': '0+9x60' }, afterS: 720, labels: { job: 'auth' } },
    silent: { series: { 'banyan_rpc_server_call_duration_seconds_count{job="auth", method="/a/B", code="PERMISSION_DENIED"}': '0+9x60', 'banyan_rpc_server_call_duration_seconds_count{job="auth", method="/a/B", code="OK"}': '0+9x60' }, afterS: 720 },
  },
  {
    name: 'BanyanSupernodesFew',
    severity: 'warning',
    expr: () => `sum(${gauge(BOOTSTRAP_METRICS.supernodes, 'state="ready"')}) < 2`,
    forS: 5 * MINUTE,
    summary: 'The list of supernodes has fewer than two ready nodes.',
    description: 'Whoever joins now depends on one node, or finds none. Nodes register themselves every few seconds, so either they cannot reach the bootstrap service or there are none.',
    fires: { series: { 'banyan_bootstrap_supernodes{node="bootstrap", state="ready"}': '1x40' }, afterS: 400, labels: {} },
    silent: { series: { 'banyan_bootstrap_supernodes{node="bootstrap", state="ready"}': '6x40' }, afterS: 400 },
  },
  {
    name: 'BanyanNodesUnreported',
    severity: 'warning',
    expr: () => `sum(${gauge(BUILDER_METRICS.reporters)}) < 0.9 * sum(up{job="pastry-node"})`,
    forS: 5 * MINUTE,
    summary: 'The tree builder does not hear from more than a tenth of the nodes.',
    description: 'Pictures of trees have holes, and advice goes by them. Delivery is not concerned.',
    fires: { series: { 'banyan_builder_reporters{node="tree-builder"}': '0x40', 'up{job="pastry-node", node="node-1"}': '1x40' }, afterS: 400, labels: {} },
    silent: { series: { 'banyan_builder_reporters{node="tree-builder"}': '1x40', 'up{job="pastry-node", node="node-1"}': '1x40' }, afterS: 400 },
  },
  {
    name: 'BanyanAuthRefuses',
    severity: 'warning',
    expr: (span) => `${rate(span, AUTH_METRICS.refusals, { s: 5 * MINUTE, by: ['request'] })} > 1`,
    forS: 5 * MINUTE,
    summary: 'The authority refuses more than one request a second ({{ $labels.request }}).',
    description: 'A client or a node has a wrong secret and tries again and again, or somebody guesses secrets.',
    fires: { series: { 'banyan_auth_refusals_total{node="auth", request="token"}': '0+60x60' }, afterS: 720, labels: { request: 'token' } },
    silent: { series: { 'banyan_auth_refusals_total{node="auth", request="token"}': '0+1x60' }, afterS: 720 },
  },
  {
    name: 'BanyanProcessFull',
    severity: 'warning',
    expr: (span) => `rate(process_cpu_seconds_total{job=~"pastry-node|auth|bootstrap|tree-builder"}[${span(5 * MINUTE)}]) > 0.9`,
    forS: 10 * MINUTE,
    summary: '{{ $labels.node }} uses all of the core that it can.',
    description: 'A process runs its JavaScript on one core. Queues grow from here on, and timers come late: give groups to other nodes, or add nodes.',
    fires: { series: { 'process_cpu_seconds_total{job="pastry-node", node="node-1"}': '0+15x80' }, afterS: 1_100, labels: { job: 'pastry-node', node: 'node-1' } },
    silent: { series: { 'process_cpu_seconds_total{job="pastry-node", node="node-1"}': '0+6x80' }, afterS: 1_100 },
  },
  {
    name: 'BanyanEventLoopLate',
    severity: 'critical',
    expr: () => 'nodejs_eventloop_lag_p99_seconds{job=~"pastry-node|auth|bootstrap|tree-builder"} > 1',
    forS: 2 * MINUTE,
    summary: 'Timers of {{ $labels.node }} run more than a second late.',
    description: 'Heartbeats and leases are timers. At half a lease the node steps back from the ring.',
    fires: { series: { 'nodejs_eventloop_lag_p99_seconds{job="pastry-node", node="node-1"}': '2x40' }, afterS: 240, labels: { job: 'pastry-node', node: 'node-1' } },
    silent: { series: { 'nodejs_eventloop_lag_p99_seconds{job="pastry-node", node="node-1"}': '0.02x40' }, afterS: 240 },
  },
  {
    name: 'BanyanFilesRunOut',
    severity: 'critical',
    expr: () => 'process_open_fds{job=~"pastry-node|auth|bootstrap|tree-builder"} / process_max_fds > 0.8',
    forS: 5 * MINUTE,
    summary: '{{ $labels.node }} has four fifths of its file descriptors open.',
    description: 'At the limit it takes no connection any more, neither from peers nor from clients.',
    fires: { series: { 'process_open_fds{job="pastry-node", node="node-1"}': '900x40', 'process_max_fds{job="pastry-node", node="node-1"}': '1024x40' }, afterS: 400, labels: { job: 'pastry-node', node: 'node-1' } },
    silent: { series: { 'process_open_fds{job="pastry-node", node="node-1"}': '100x40', 'process_max_fds{job="pastry-node", node="node-1"}': '1024x40' }, afterS: 400 },
  },
  {
    name: 'BanyanProcessRestarts',
    severity: 'warning',
    expr: (span) => `changes(process_start_time_seconds{job=~"pastry-node|auth|bootstrap|tree-builder"}[${span(15 * MINUTE)}]) > 2`,
    forS: 0,
    summary: '{{ $labels.node }} was started three times within a quarter of an hour.',
    description: 'It crashes, or something kills it: memory limits and failing health checks are the usual ones. Its last log lines say which.',
    fires: { series: { 'process_start_time_seconds{job="pastry-node", node="node-1"}': '1x4 2x4 3x4 4x20' }, afterS: 400, labels: { job: 'pastry-node', node: 'node-1' } },
    silent: { series: { 'process_start_time_seconds{job="pastry-node", node="node-1"}': '1x4 2x40' }, afterS: 400 },
  },
];

function absentAlert(job: 'auth' | 'bootstrap' | 'tree-builder'): Alert {
  const names = { auth: 'BanyanAuthAbsent', bootstrap: 'BanyanBootstrapAbsent', 'tree-builder': 'BanyanTreeBuilderAbsent' } as const;
  return {
    name: names[job],
    severity: 'critical',
    expr: () => `absent(up{job="${job}"})`,
    forS: MINUTE,
    summary: `Prometheus knows no ${job} at all.`,
    description: 'It is not among the targets: the scrape configuration lost it, or it was never started. No other alert about it can fire while this one does.',
    fires: { series: { 'up{job="pastry-node", node="node-1"}': '1x20' }, afterS: 120, labels: { job } },
    silent: { series: { [`up{job="${job}", node="${job}"}`]: '0x20' }, afterS: 120 },
  };
}
