import { MULTICAST_METRICS } from '@banyan/telemetry';
import type { Alert } from './alert.ts';
import { gauge, increase, quantile, rate } from './promql.ts';

const MINUTE = 60;

/** Is what was published delivered. */
export const multicastAlerts: readonly Alert[] = [
  {
    name: 'BanyanDeliveryStopped',
    severity: 'critical',
    expr: (span) => `${rate(span, MULTICAST_METRICS.published, { s: 2 * MINUTE })} > 0 and sum(${gauge(MULTICAST_METRICS.subscriptions)}) > 0 and ${rate(span, MULTICAST_METRICS.delivered, { s: 2 * MINUTE })} == 0`,
    forS: MINUTE,
    summary: 'Messages are published and none is delivered.',
    description: 'There are subscriptions and publishers have receipts, but nothing reaches anybody: trees are broken, or nobody subscribes to what is published.',
    fires: { series: { 'banyan_multicast_messages_published_total{node="node-1"}': '0+10x60', 'banyan_multicast_messages_delivered_total{node="node-2"}': '5x60', 'banyan_multicast_subscriptions{node="node-2"}': '3x60' }, afterS: 400, labels: {} },
    silent: { series: { 'banyan_multicast_messages_published_total{node="node-1"}': '0+10x60', 'banyan_multicast_messages_delivered_total{node="node-2"}': '0+30x60', 'banyan_multicast_subscriptions{node="node-2"}': '3x60' }, afterS: 400 },
  },
  {
    name: 'BanyanReceiptsMissing',
    severity: 'critical',
    expr: (span) => `sum(${gauge(MULTICAST_METRICS.unreceiptedBytes)}) > 0 and ${rate(span, MULTICAST_METRICS.published, { s: 2 * MINUTE })} == 0`,
    forS: MINUTE,
    summary: 'Publishers wait, and no batch gets a receipt.',
    description: 'Reliable groups have lost the majority of their voters (NO_QUORUM), or no root is to be found. What was taken is kept and sent again; publishers are blocked as soon as their window is full.',
    fires: { series: { 'banyan_multicast_unreceipted_bytes{node="node-1"}': '4096x60', 'banyan_multicast_messages_published_total{node="node-1"}': '9x60' }, afterS: 400, labels: {} },
    silent: { series: { 'banyan_multicast_unreceipted_bytes{node="node-1"}': '4096x60', 'banyan_multicast_messages_published_total{node="node-1"}': '0+9x60' }, afterS: 400 },
  },
  {
    name: 'BanyanReceiptsSlow',
    severity: 'warning',
    expr: (span) => `${quantile(span, 0.99, MULTICAST_METRICS.receiptDuration, { s: 5 * MINUTE })} > 2.5`,
    forS: 5 * MINUTE,
    summary: 'One in a hundred batches waits longer than 2.5 s for its receipt.',
    description: 'The majority of a group\'s voters is far away or overloaded, or roots change often.',
    fires: { series: { 'banyan_multicast_receipt_duration_seconds_bucket{node="node-1", le="2.5"}': '0x60', 'banyan_multicast_receipt_duration_seconds_bucket{node="node-1", le="5"}': '0+4x60', 'banyan_multicast_receipt_duration_seconds_bucket{node="node-1", le="+Inf"}': '0+4x60' }, afterS: 720, labels: {} },
    silent: { series: { 'banyan_multicast_receipt_duration_seconds_bucket{node="node-1", le="2.5"}': '0+4x60', 'banyan_multicast_receipt_duration_seconds_bucket{node="node-1", le="5"}': '0+4x60', 'banyan_multicast_receipt_duration_seconds_bucket{node="node-1", le="+Inf"}': '0+4x60' }, afterS: 720 },
  },
  {
    name: 'BanyanGapsTold',
    severity: 'warning',
    expr: (span) => `${increase(span, MULTICAST_METRICS.gaps, { s: 10 * MINUTE, where: 'reason!="dropped"', by: ['reason'] })} > 0`,
    forS: 0,
    summary: 'Subscribers were told that messages will not come ({{ $labels.reason }}).',
    description: '`expired`: somebody fell behind further than is retained. `lost_state`: all voters of a group restarted at once. `other_epoch`: an ordered group went on in both halves of a partition. What a best-effort group drops does not count here.',
    fires: { series: { 'banyan_multicast_gaps_total{node="node-1", reason="expired"}': '0x4 1x20' }, afterS: 150, labels: { reason: 'expired' } },
    silent: { series: { 'banyan_multicast_gaps_total{node="node-1", reason="dropped"}': '0+5x20' }, afterS: 150 },
  },
  {
    name: 'BanyanTreesUnsettled',
    severity: 'warning',
    expr: (span) => `${rate(span, MULTICAST_METRICS.moves, { s: 15 * MINUTE })} / sum(${gauge(MULTICAST_METRICS.children)}) > 0.01`,
    forS: 15 * MINUTE,
    summary: 'Nodes change their parents all the time.',
    description: 'Every child moves at least every 100 s on average. Nothing is lost by that, but bytes are sent twice and delivery comes in bursts: links break, nodes are overloaded, or heartbeats are too quick for them.',
    fires: { series: { 'banyan_multicast_moves_total{node="node-1"}': '0+3x180', 'banyan_multicast_children{node="node-1"}': '4x180' }, afterS: 2_200, labels: {} },
    silent: { series: { 'banyan_multicast_moves_total{node="node-1"}': '0x60 8x120', 'banyan_multicast_children{node="node-1"}': '40x180' }, afterS: 2_200 },
  },
];
