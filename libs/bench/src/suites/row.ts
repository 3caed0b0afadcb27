import { rounded } from '../report/percentile.ts';
import type { PhaseResult } from '../load/subscriber-protocol.ts';

/** A row of the results: one system under one load. */
export interface Row {
  readonly system: string;
  readonly size: number;
  /** Subscribers. */
  readonly fanout: number;
  /** Mutual TLS on the connections that carry messages. */
  readonly mtls: boolean;
  /** CPU over the deliveries of the full-speed phase; of which processes, each suite says. */
  readonly usCpuPerDelivery: number;
  readonly bytesPerCpuSecond: number;
  readonly deliveries: number;
  readonly lost: number;
  readonly duplicates: number;
  /** From publishing to the subscriber's hands, in the steady phase. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Over all subscribers, at full speed. */
  readonly deliveriesPerSecond: number;
}

/** One phase as it was measured. */
export interface MeasuredPhase {
  readonly result: PhaseResult;
  readonly cpuSeconds: number;
  readonly seconds: number;
}

/** The row of a full-speed phase, which gives the cost, and a steady one, which gives the delay. */
export function rowOf(what: Pick<Row, 'system' | 'size' | 'fanout' | 'mtls'>, messages: number, full: MeasuredPhase, steady: MeasuredPhase): Row {
  const { received, duplicates } = full.result;
  return {
    ...what,
    usCpuPerDelivery: rounded((full.cpuSeconds * 1e6) / received),
    bytesPerCpuSecond: Math.round((received * what.size) / full.cpuSeconds),
    deliveries: received,
    lost: messages * what.fanout - received,
    duplicates: duplicates + steady.result.duplicates,
    p50Ms: rounded(steady.result.p50Ms),
    p99Ms: rounded(steady.result.p99Ms),
    deliveriesPerSecond: rounded(received / full.seconds, 1),
  };
}

/** Heads of the table that `cellsOf` fills. */
export const ROW_COLUMNS = ['system', 'size', 'fanout', 'us CPU/delivery', 'MB/CPU s', 'deliveries', 'lost', 'duplicates', 'p50 ms', 'p99 ms', 'deliveries/s'] as const;

/** A row of the table. */
export function cellsOf(row: Row): readonly (string | number)[] {
  const name = row.mtls ? `${row.system} (mTLS)` : row.system;
  return [name, row.size, row.fanout, row.usCpuPerDelivery.toFixed(3), row.bytesPerCpuSecond / 1e6, row.deliveries, row.lost, row.duplicates, row.p50Ms, row.p99Ms, Math.round(row.deliveriesPerSecond)];
}

/** What does not hold of a row: deliveries are neither lost nor doubled. */
export function failuresOf(row: Row): readonly string[] {
  return [
    ...(row.lost > 0 ? [`${row.system}, ${row.size} bytes: ${row.lost} deliveries are missing at full speed`] : []),
    ...(row.duplicates > 0 ? [`${row.system}, ${row.size} bytes: ${row.duplicates} deliveries came twice`] : []),
  ];
}
