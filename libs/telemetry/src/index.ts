export { createLogger, LOG_LEVELS, NO_LOGGER, withTrace, type LogFields, type Logger, type LogLevel, type LogOptions, type ProcessLogger } from './logger.ts';
export {
  AUTH_METRICS,
  BOOTSTRAP_METRICS,
  BUILDER_METRICS,
  CONSOLE_METRICS,
  METRIC_TABLES,
  MULTICAST_METRICS,
  OVERLAY_METRICS,
  SERVICE_METRICS,
  type MetricSpec,
  type MetricTable,
} from './metric-table.ts';
export { createMetricsRegistry, type CounterMetric, type GaugeMetric, type HistogramMetric, type Metrics, type MetricsRegistry } from './metrics.ts';
export { ADVICE_OUTCOMES, bounded, DROP_REASONS, FORWARD_OUTCOMES, GAP_REASONS, HOP_RULES, JOIN_FAILURES, PEER_FAULTS, type JoinFailure } from './reasons.ts';
export { createTracer } from './create-tracer.ts';
export { NO_TRACER, type Attributes, type AttributeValue, type Span, type SpanKind, type SpanStart, type Tracer, type TracerOptions } from './tracer.ts';
export { formatTraceparent, isSampled, parseTraceparent, type Traceparent } from './traceparent.ts';
