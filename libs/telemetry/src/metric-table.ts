// Every metric of every service, in one place: what is not in this table is not exported, and the dashboards are
// checked against it. Base units; `_total` on counters only; labels are enums, never ids.
import { ADVICE_OUTCOMES, DROP_REASONS, FORWARD_OUTCOMES, GAP_REASONS, HOP_RULES, JOIN_FAILURES, PEER_FAULTS } from './reasons.ts';

/** One metric: its name, its meaning, and which values its labels may take (`open`: bounded by the caller's code). */
export interface MetricSpec {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly help: string;
  readonly labels?: Readonly<Record<string, readonly string[] | 'open'>>;
  /** Upper bounds, for histograms. */
  readonly buckets?: readonly number[];
}

/** Some metrics by the name code knows them by. */
export type MetricTable = Readonly<Record<string, MetricSpec>>;

/** What a process has certificates for: itself, the authority it trusts, and (auth) the key of its tokens. */
const CERTIFICATES = ['own', 'authority', 'tokens'] as const;
const DIRECTIONS = ['in', 'out'] as const;
const JOIN_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120];
const LATENCY_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Every service has these, besides the default metrics of the process. */
export const SERVICE_METRICS = {
  buildInfo: { kind: 'gauge', name: 'banyan_build_info', help: 'Always 1; its labels say what runs.', labels: { service: 'open', version: 'open', config: 'open' } },
  ready: { kind: 'gauge', name: 'banyan_ready', help: 'Whether the service is ready (1) or not (0), as /readyz says.' },
  configReloads: { kind: 'counter', name: 'banyan_config_reloads_total', help: 'Times the configuration was read again while running, by what became of it.', labels: { outcome: ['applied', 'refused', 'needs_restart'] } },
  certificateLife: { kind: 'gauge', name: 'banyan_certificate_expires_in_seconds', help: 'Time until a certificate of this process expires; negative: it has.', labels: { certificate: CERTIFICATES } },
  rpcServerDuration: { kind: 'histogram', name: 'banyan_rpc_server_call_duration_seconds', help: 'Time from the arrival of a call to its status.', labels: { method: 'open', code: 'open' }, buckets: LATENCY_BUCKETS },
  rpcServerOpen: { kind: 'gauge', name: 'banyan_rpc_server_calls_open', help: 'Calls that have no status yet.', labels: { method: 'open' } },
} as const satisfies MetricTable;

/** Routing and links of a node. */
export const OVERLAY_METRICS = {
  routeHops: { kind: 'histogram', name: 'banyan_overlay_route_hops', help: 'Hops of routed messages, counted where they are delivered.', buckets: [0, 1, 2, 3, 4, 5, 6, 8, 10, 20, 40] },
  routeDuration: { kind: 'histogram', name: 'banyan_overlay_route_duration_seconds', help: 'Time of a Route, Lookup or Trace from asking to the answer.', buckets: LATENCY_BUCKETS },
  hopRoundTrip: { kind: 'histogram', name: 'banyan_overlay_hop_rtt_seconds', help: 'Time from sending a hop to its acknowledgement.', labels: { rule: HOP_RULES }, buckets: LATENCY_BUCKETS },
  hopTimeouts: { kind: 'counter', name: 'banyan_overlay_hop_timeouts_total', help: 'Hops that were not acknowledged in time and tried elsewhere.', labels: { rule: HOP_RULES } },
  leafSetNodes: { kind: 'gauge', name: 'banyan_overlay_leaf_set_nodes', help: 'Nodes in the leaf set.' },
  routingTableNodes: { kind: 'gauge', name: 'banyan_overlay_routing_table_nodes', help: 'Filled entries of the routing table.' },
  joins: { kind: 'counter', name: 'banyan_overlay_joins_total', help: 'Joins of this node to a ring, by what became of them; an attempt fails when it took too long.', labels: { outcome: ['started', 'joined', ...JOIN_FAILURES] } },
  joinDuration: { kind: 'histogram', name: 'banyan_overlay_join_duration_seconds', help: 'Time from the first attempt of a node to join to its being in the ring.', buckets: JOIN_BUCKETS },
  repairs: { kind: 'counter', name: 'banyan_overlay_repairs_total', help: 'Repairs after the loss of a node.', labels: { structure: ['leaf_set', 'routing_table', 'other'] } },
  upkeepLeftOut: { kind: 'counter', name: 'banyan_overlay_upkeep_left_out_total', help: 'Routine upkeep of tables left out because its budget of bytes was spent.' },
  peerDeaths: { kind: 'counter', name: 'banyan_overlay_peer_deaths_total', help: 'Peers whose death was confirmed.' },
  dropped: { kind: 'counter', name: 'banyan_overlay_messages_dropped_total', help: 'Messages given up, by reason.', labels: { reason: DROP_REASONS } },
  peerFaults: { kind: 'counter', name: 'banyan_overlay_peer_faults_total', help: 'Links closed because the peer broke the protocol.', labels: { fault: PEER_FAULTS } },
  stalls: { kind: 'counter', name: 'banyan_overlay_stalls_total', help: 'Times the process was not scheduled for half a lease and stepped back.' },
  forwards: { kind: 'counter', name: 'banyan_overlay_forwards_total', help: 'Messages on their way that were offered to an attached application, by what became of them.', labels: { reason: FORWARD_OUTCOMES } },
  messages: { kind: 'counter', name: 'banyan_overlay_messages_total', help: 'Control messages, by direction.', labels: { direction: DIRECTIONS } },
  bytes: { kind: 'counter', name: 'banyan_overlay_bytes_total', help: 'Bytes of control messages, by direction.', labels: { direction: DIRECTIONS } },
  links: { kind: 'gauge', name: 'banyan_overlay_links', help: 'Open links to peers.', labels: { kind: ['control', 'data'] } },
  emulatedSites: { kind: 'gauge', name: 'banyan_overlay_emulated_sites', help: 'Sites of the map whose delays and losses links emulate; 0: links are as they are.' },
  inboxWait: { kind: 'histogram', name: 'banyan_overlay_inbox_wait_seconds', help: 'Time an input waits before the machine takes it.', buckets: LATENCY_BUCKETS },
} as const satisfies MetricTable;

/** Multicast on a node. */
export const MULTICAST_METRICS = {
  groups: { kind: 'gauge', name: 'banyan_multicast_groups', help: 'Groups whose tree this node is in.' },
  rooted: { kind: 'gauge', name: 'banyan_multicast_groups_rooted', help: 'Groups this node numbers.' },
  children: { kind: 'gauge', name: 'banyan_multicast_children', help: 'Children over all groups.' },
  subscriptions: { kind: 'gauge', name: 'banyan_multicast_subscriptions', help: 'Local subscriptions over all groups.' },
  retainedBytes: { kind: 'gauge', name: 'banyan_multicast_retained_bytes', help: 'Bytes of frames kept for late starters and repairs.' },
  unreceiptedBytes: { kind: 'gauge', name: 'banyan_multicast_unreceipted_bytes', help: 'Bytes taken from local publishers that have no receipt yet.' },
  frames: { kind: 'counter', name: 'banyan_multicast_frames_total', help: 'Frames on data links, by direction; out counts one for each child.', labels: { direction: DIRECTIONS } },
  frameBytes: { kind: 'counter', name: 'banyan_multicast_frame_bytes_total', help: 'Bytes of frames on data links, by direction.', labels: { direction: DIRECTIONS } },
  framesDropped: { kind: 'counter', name: 'banyan_multicast_frames_dropped_total', help: 'Frames given up, by reason.', labels: { reason: DROP_REASONS } },
  published: { kind: 'counter', name: 'banyan_multicast_messages_published_total', help: 'Messages that local publishers got a receipt for.' },
  delivered: { kind: 'counter', name: 'banyan_multicast_messages_delivered_total', help: 'Messages handed to local subscribers.' },
  deliveryLag: { kind: 'histogram', name: 'banyan_multicast_delivery_lag_seconds', help: 'Time from the stamp of the root to delivery here; clocks of two hosts take part.', buckets: LATENCY_BUCKETS },
  receiptDuration: { kind: 'histogram', name: 'banyan_multicast_receipt_duration_seconds', help: 'Time from taking a batch to its receipt.', buckets: LATENCY_BUCKETS },
  gaps: { kind: 'counter', name: 'banyan_multicast_gaps_total', help: 'Gaps told to local subscribers, by reason.', labels: { reason: GAP_REASONS } },
  slow: { kind: 'gauge', name: 'banyan_multicast_slow_readers', help: 'Local subscribers and children without room for what there is.' },
  detached: { kind: 'counter', name: 'banyan_multicast_detached_total', help: 'Subscribers detached because they were too far behind for too long.' },
  holds: { kind: 'counter', name: 'banyan_multicast_holds_total', help: 'Times a root held publishers for a slow subscriber that counts.' },
  moves: { kind: 'counter', name: 'banyan_multicast_moves_total', help: 'Changes of parent.' },
  advice: { kind: 'counter', name: 'banyan_multicast_advice_total', help: 'Better parents that the tree builder named, by what became of them here.', labels: { outcome: ADVICE_OUTCOMES } },
} as const satisfies MetricTable;

/** The authority. */
export const AUTH_METRICS = {
  certificatesIssued: { kind: 'counter', name: 'banyan_auth_certificates_issued_total', help: 'Certificates signed, by occasion.', labels: { occasion: ['enrolment', 'renewal'] } },
  certificatesRevoked: { kind: 'counter', name: 'banyan_auth_certificates_revoked_total', help: 'Certificates ended before their time.' },
  tokensIssued: { kind: 'counter', name: 'banyan_auth_tokens_issued_total', help: 'Client tokens issued.' },
  refusals: { kind: 'counter', name: 'banyan_auth_refusals_total', help: 'Requests refused, by what they asked for.', labels: { request: ['enrolment', 'renewal', 'token', 'other'] } },
} as const satisfies MetricTable;

/** The list of supernodes. */
export const BOOTSTRAP_METRICS = {
  supernodes: { kind: 'gauge', name: 'banyan_bootstrap_supernodes', help: 'Nodes on the list.', labels: { state: ['ready', 'joining'] } },
  leasesExpired: { kind: 'counter', name: 'banyan_bootstrap_leases_expired_total', help: 'Nodes dropped because their heartbeats ended.' },
} as const satisfies MetricTable;

/** The tree builder. */
export const BUILDER_METRICS = {
  groups: { kind: 'gauge', name: 'banyan_builder_groups', help: 'Groups in the directory.' },
  places: { kind: 'gauge', name: 'banyan_builder_places', help: 'Places of nodes in trees, as reported and not expired.' },
  reporters: { kind: 'gauge', name: 'banyan_builder_reporters', help: 'Nodes with an open report stream.' },
  watchers: { kind: 'gauge', name: 'banyan_builder_watchers', help: 'Open WatchTree streams.' },
  advised: { kind: 'gauge', name: 'banyan_builder_advised', help: 'Nodes with an open stream for advice.' },
  advice: { kind: 'counter', name: 'banyan_builder_advice_total', help: 'Better parents named to nodes.' },
} as const satisfies MetricTable;

/** The console. */
export const CONSOLE_METRICS = {
  pages: { kind: 'gauge', name: 'banyan_console_pages', help: 'Web pages that are open.' },
  topics: { kind: 'gauge', name: 'banyan_console_topics', help: 'Things the console watches for its pages: the ring, trees, slow readers, the control plane.' },
  eventsDropped: { kind: 'counter', name: 'banyan_console_events_dropped_total', help: 'Events not sent to pages that were too far behind; they are told everything again when they have read what waited.' },
  actions: { kind: 'counter', name: 'banyan_console_actions_total', help: 'Changes asked for through the console, by what came of them.', labels: { outcome: ['done', 'refused', 'failed'] } },
} as const satisfies MetricTable;

/** All of them, for checks of dashboards and names. */
export const METRIC_TABLES: readonly MetricTable[] = [SERVICE_METRICS, OVERLAY_METRICS, MULTICAST_METRICS, AUTH_METRICS, BOOTSTRAP_METRICS, BUILDER_METRICS, CONSOLE_METRICS];
