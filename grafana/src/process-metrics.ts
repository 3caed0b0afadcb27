import type { MetricTable } from '@banyan/telemetry';

/** What is drawn of the metrics that prom-client adds for every process, and what Prometheus itself says of a target. */
export const PROCESS_METRICS = {
  up: { kind: 'gauge', name: 'up', help: 'Whether the last scrape of a target succeeded.' },
  cpu: { kind: 'counter', name: 'process_cpu_seconds_total', help: 'CPU seconds of the process, user and system.' },
  residentMemory: { kind: 'gauge', name: 'process_resident_memory_bytes', help: 'Memory of the process that is in RAM.' },
  heapUsed: { kind: 'gauge', name: 'nodejs_heap_size_used_bytes', help: 'JavaScript heap in use.' },
  openFiles: { kind: 'gauge', name: 'process_open_fds', help: 'Open files and sockets.' },
  eventLoopLag: { kind: 'gauge', name: 'nodejs_eventloop_lag_p99_seconds', help: 'How late the event loop was since the last scrape, 99th percentile.' },
  collectionPauses: { kind: 'histogram', name: 'nodejs_gc_duration_seconds', help: 'Pauses of the garbage collector.' },
} as const satisfies MetricTable;
