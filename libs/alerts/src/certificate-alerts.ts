import { SERVICE_METRICS } from '@banyan/telemetry';
import type { Alert } from './alert.ts';
import { gauge } from './promql.ts';

const DAY = 86_400;
const LABELS = { node: 'node-1', job: 'pastry-node', certificate: 'own' };
const series = (course: string) => ({ 'banyan_certificate_expires_in_seconds{node="node-1", job="pastry-node", certificate="own"}': course });

/** Do certificates last. Those of members live 30 days and are renewed at half: one with a week left was not renewed for a week. */
export const certificateAlerts: readonly Alert[] = [
  {
    name: 'BanyanCertificateExpiresSoon',
    severity: 'warning',
    expr: () => `${gauge(SERVICE_METRICS.certificateLife)} < ${7 * DAY}`,
    forS: 600,
    summary: 'A certificate of {{ $labels.node }} ({{ $labels.certificate }}) expires within a week.',
    description: 'It is renewed at half its life of 30 days, so renewing has failed for a week. When it expires its holder gets no new links and drops out of the ring; the authority cannot be renewed in place at all.',
    fires: { series: series(`${8 * DAY}x4 ${6 * DAY}x60`), afterS: 800, labels: LABELS },
    silent: { series: series(`${8 * DAY}x80`), afterS: 800 },
  },
  {
    name: 'BanyanCertificateExpires',
    severity: 'critical',
    expr: () => `${gauge(SERVICE_METRICS.certificateLife)} < ${DAY}`,
    forS: 60,
    summary: 'A certificate of {{ $labels.node }} ({{ $labels.certificate }}) expires within a day.',
    description: 'Within a day its holder gets no new links and drops out of the ring. A negative time: it has expired.',
    fires: { series: series(`${2 * DAY}x4 ${DAY / 2}x20`), afterS: 180, labels: LABELS },
    silent: { series: series(`${2 * DAY}x24`), afterS: 180 },
  },
];
