import { isIP } from 'node:net';
import { InterceptingCall, type ChannelCredentials, type ChannelOptions, type Client, type Interceptor, type Metadata } from '@grpc/grpc-js';
import { tlsChannelCredentials } from './credentials.ts';

/** How to reach a service over TLS with a token. */
export interface ChannelTarget {
  /** `host:port`, IPv6 in brackets. */
  readonly address: string;
  /** The authority's certificate, PEM. */
  readonly authority: string;
  /** The bearer token, asked for at every call so that it can be renewed; undefined sends none. */
  readonly token?: () => string | undefined;
  /** Deadline of a unary call that sets none itself, ms; streams have none. */
  readonly unaryDeadlineMs?: number;
  /** More interceptors, the outermost first (tracing, metrics). */
  readonly interceptors?: readonly Interceptor[];
  /** More options of grpc-js. */
  readonly options?: ChannelOptions;
}

/** What every generated client class looks like. */
export type ClientConstructor<C extends Client> = new (address: string, credentials: ChannelCredentials, options?: Partial<ChannelOptions & { interceptors: Interceptor[] }>) => C;

const UNARY_DEADLINE_MS = 10_000;

/**
 * What every channel of ours sets: an idle connection is asked for a sign of life, so that a vanished peer is noticed
 * without traffic; no HTTP proxy of the environment comes between.
 */
export const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.enable_http_proxy': 0,
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 5_000,
};

/** A client of a generated service class over TLS, with the token, a deadline on every unary call, and keepalive. */
export function createClient<C extends Client>(constructor: ClientConstructor<C>, target: ChannelTarget): C {
  const host = hostOf(target.address);
  const interceptors = [
    ...(target.interceptors ?? []),
    unaryDeadline(target.unaryDeadlineMs),
    ...(target.token === undefined ? [] : [bearerToken(target.token)]),
  ];
  return new constructor(target.address, tlsChannelCredentials(target.authority, host), {
    ...CHANNEL_OPTIONS,
    ...serverName(host),
    ...target.options,
    interceptors,
  });
}

/** Options that keep an IP address out of the TLS server name, where it must not stand (RFC 6066, section 3). */
export function serverName(host: string): ChannelOptions {
  return isIP(host) === 0 ? {} : { 'grpc.ssl_target_name_override': 'localhost' };
}

/** The host of `host:port`, without brackets. */
export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}

/** Gives every unary call that sets no deadline one of `ms`. */
export function unaryDeadline(ms = UNARY_DEADLINE_MS): Interceptor {
  return (options, nextCall) => {
    const method = options.method_definition;
    const streams = method.requestStream || method.responseStream;
    return new InterceptingCall(nextCall(streams || options.deadline !== undefined ? options : { ...options, deadline: Date.now() + ms }));
  };
}

function bearerToken(token: () => string | undefined): Interceptor {
  return (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start: (metadata: Metadata, listener, next) => {
        const value = token();
        if (value !== undefined) metadata.set('authorization', `Bearer ${value}`);
        next(metadata, listener);
      },
    });
}
