import { AsyncLocalStorage } from 'node:async_hooks';
import {
  InterceptingCall,
  ListenerBuilder,
  RequesterBuilder,
  ResponderBuilder,
  ServerInterceptingCall,
  ServerListenerBuilder,
  status as codes,
  type Interceptor,
  type Metadata,
  type ServerInterceptor,
} from '@grpc/grpc-js';

/** What an observer is told when a call begins. */
export interface ObservedCall {
  /** `package.Service/Method`. */
  readonly method: string;
  /** W3C traceparent of what is above: of the caller on the server, of the running handler on the client. */
  readonly parent: string | undefined;
}

/** What an observer keeps of one call. */
export interface CallObservation {
  /** The call's own traceparent, for what is below it; undefined when nothing is traced. */
  readonly traceparent: string | undefined;
  /** The call has its status: a canonical gRPC code by name. Told once. */
  end(code: string): void;
}

/** Spans and metrics of calls: telemetry stays outside this room. */
export type CallObserver = (call: ObservedCall) => CallObservation;

const TRACEPARENT = 'traceparent';
const running = new AsyncLocalStorage<string | undefined>();

/** W3C traceparent of the call whose handler is running; undefined outside of one, or when nothing is traced. */
export function currentTraceparent(): string | undefined {
  return running.getStore();
}

/** Tells `observe` of every call that comes in, and runs its handler in the trace. */
export function observeServer(observe: CallObserver): ServerInterceptor {
  return (method, call) => {
    let observation: CallObservation | undefined;
    const inTrace = (work: () => void): void => running.run(observation?.traceparent, work);
    const end = once((code: string) => observation?.end(code));
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        observation = observe({ method: nameOf(method.path), parent: parentIn(metadata) });
        inTrace(() => next(metadata));
      })
      .withOnReceiveMessage((message, next) => inTrace(() => next(message)))
      .withOnReceiveHalfClose((next) => inTrace(next))
      .withOnCancel(() => end('CANCELLED'))
      .build();
    const responder = new ResponderBuilder()
      .withStart((next) => next(listener))
      .withSendStatus((status, next) => {
        end(codes[status.code] ?? 'UNKNOWN');
        next(status);
      })
      .build();
    return new ServerInterceptingCall(call, responder);
  };
}

/** Tells `observe` of every call that goes out, and sends the trace along. */
export function observeClient(observe: CallObserver): Interceptor {
  return (options, nextCall) => {
    const observation = observe({ method: nameOf(options.method_definition.path), parent: currentTraceparent() });
    const requester = new RequesterBuilder()
      .withStart((metadata, _listener, next) => {
        if (observation.traceparent !== undefined) metadata.set(TRACEPARENT, observation.traceparent);
        const listener = new ListenerBuilder()
          .withOnReceiveStatus((status, nextStatus) => {
            observation.end(codes[status.code] ?? 'UNKNOWN');
            nextStatus(status);
          })
          .build();
        next(metadata, listener);
      })
      .build();
    return new InterceptingCall(nextCall(options), requester);
  };
}

function nameOf(path: string): string {
  return path.replace(/^\//, '');
}

function parentIn(metadata: Metadata): string | undefined {
  const [value] = metadata.get(TRACEPARENT);
  return typeof value === 'string' ? value : undefined;
}

function once(work: (code: string) => void): (code: string) => void {
  let isDone = false;
  return (code) => {
    if (isDone) return;
    isDone = true;
    work(code);
  };
}
