import type { CallObserver } from '@banyan/grpc';
import { SERVICE_METRICS, type MetricsRegistry, type Tracer } from '@banyan/telemetry';

/** On the server's side these codes are its own errors, the others are the caller's (semantic conventions, gRPC). */
const SERVER_FAULTS: ReadonlySet<string> = new Set(['UNKNOWN', 'DEADLINE_EXCEEDED', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS']);

/** Counts and traces every call of a server, refused ones too, by the semantic conventions for RPC. */
export function observeCalls(metrics: MetricsRegistry, tracer: Tracer): CallObserver {
  const { rpcServerDuration, rpcServerOpen } = metrics.register(SERVICE_METRICS);
  return ({ method, parent }) => {
    const startedAt = performance.now();
    const span = tracer.start(method, { kind: 'server', parent, attributes: { 'rpc.system.name': 'grpc', 'rpc.method': method } });
    rpcServerOpen.add(1, { method });
    return {
      // Where nothing is traced the caller's trace is passed on, for those further on who do.
      traceparent: span.traceparent ?? parent,
      end(code) {
        rpcServerOpen.add(-1, { method });
        rpcServerDuration.observe((performance.now() - startedAt) / 1_000, { method, code });
        span.end({ attributes: { 'rpc.response.status_code': code }, ...(SERVER_FAULTS.has(code) ? { error: code } : {}) });
      },
    };
  };
}
