import { Server, type handleUnaryCall, type ServerInterceptor, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { ServerGrpc, type GrpcOptions } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { listen, OverlayError, toServiceError } from '@banyan/grpc';
import type { Listener, ServiceMethods } from './listener.ts';

/** A call that is under way on a stream, as far as ending it goes. */
interface OpenStream {
  refuse(): void;
}

type Answer = (error: unknown, value: unknown) => void;
type StreamCall = Parameters<ReturnType<ServerGrpc['createStreamCallMethod']>>[0];

/** How long calls that are under way may take after the listener closed, ms. */
const CLOSE_GRACE_MS = 1_000;

/**
 * Nest's gRPC transport over ts-proto's definitions instead of .proto files. `@GrpcMethod('OverlayService', 'Route')`
 * and `@GrpcStreamCall(…)` work as ever, with guards, pipes and filters. Other than Nest's own: services are added
 * before it binds, the port is known, a failing stream handler answers with its status, a client-streaming handler
 * returns its response, and closing ends open streams with STOPPING instead of cutting them.
 */
export class GrpcTransport extends ServerGrpc {
  readonly #listener: Listener;
  readonly #interceptors: ServerInterceptor[];
  readonly #extend: (server: Server) => void;
  readonly #open = new Set<OpenStream>();
  #server: Server | undefined;
  #port = 0;

  /** `extend` adds services that Nest knows nothing of: health, reflection. */
  constructor(listener: Listener, interceptors: readonly ServerInterceptor[], extend: (server: Server) => void) {
    super({} as NonNullable<GrpcOptions['options']>);
    this.#listener = listener;
    this.#interceptors = [...interceptors];
    this.#extend = extend;
  }

  /** The port it listens on; 0 before. */
  get port(): number {
    return this.#port;
  }

  // Nest binds here; we bind when the services are there (`bindEvents`).
  override createClient(): Promise<Server> {
    this.#server = new Server({ interceptors: this.#interceptors });
    return Promise.resolve(this.#server);
  }

  override async bindEvents(): Promise<void> {
    const server = this.#server;
    if (server === undefined) throw new TypeError('the server is made before its services');
    for (const methods of this.#listener.services) await this.#addService(server, methods);
    this.#extend(server);
    this.#port = (await listen(server, this.#listener.listen, this.#listener.credentials)).port;
  }

  override createStreamCallMethod(handler: (call: StreamCall) => Promise<unknown>, isResponseStream: boolean): (call: StreamCall, answer: Answer) => Promise<void> {
    return async (call, answer) => {
      try {
        const value = await lastValueFrom(this.transformToObservable(await handler(call)), { defaultValue: undefined });
        if (isResponseStream) call.end();
        else answer(null, value);
      } catch (error) {
        if (isResponseStream) call.emit('error', error);
        else answer(error, null);
      }
    };
  }

  override async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    for (const stream of this.#open) stream.refuse();
    const timer = setTimeout(() => server.forceShutdown(), CLOSE_GRACE_MS);
    await closed;
    clearTimeout(timer);
  }

  async #addService(server: Server, methods: ServiceMethods): Promise<void> {
    const byRpc = Object.fromEntries(Object.entries(methods).map(([name, method]) => [`${name.charAt(0).toUpperCase()}${name.slice(1)}`, method]));
    const [service = ''] = (Object.values(methods)[0]?.path ?? '').split('/').slice(1, 2);
    const handlers = await this.createService({ prototype: byRpc }, service.slice(service.lastIndexOf('.') + 1));
    const missing = Object.keys(byRpc).filter((rpc) => !(rpc in handlers));
    if (missing.length > 0) throw new TypeError(`${service} has no handler for ${missing.join(', ')}`);
    const tracked = Object.entries(handlers).map(([rpc, handler]) => [rpc, this.#track(byRpc[rpc], handler as handleUnaryCall<unknown, unknown>)]);
    server.addService(byRpc, Object.fromEntries(tracked) as UntypedServiceImplementation);
  }

  // Streams may last for hours, so they are remembered to be ended when the listener closes.
  #track(method: ServiceMethods[string] | undefined, handler: (call: never, answer: never) => unknown): unknown {
    if (method?.requestStream !== true && method?.responseStream !== true) return handler;
    return async (call: StreamCall, answer: Answer) => {
      const stopping = (): unknown => toServiceError(new OverlayError('STOPPING', 'this process is shutting down'));
      const stream: OpenStream = { refuse: () => void (method.responseStream ? call.emit('error', stopping()) : answer(stopping(), null)) };
      this.#open.add(stream);
      try {
        await handler(call as never, answer as never);
      } finally {
        this.#open.delete(stream);
      }
    };
  }
}
