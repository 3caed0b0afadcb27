import type { DynamicModule, Type } from '@nestjs/common';
import type { z } from 'zod';
import type { PeerIdentity, TokenVerifier } from '@banyan/identity';
import type { Logger, MetricsRegistry, Tracer } from '@banyan/telemetry';
import type { Listener } from './calls/listener.ts';
import type { Readiness } from './readiness.ts';
import type { RunningConfig } from './running-config.ts';

/** What a service is given before it has anything of its own. */
export interface ServiceContext<Config> {
  /** As it was at the start. */
  readonly config: Config;
  /** Says when the configuration was read again, and what holds then. */
  readonly running: Pick<RunningConfig<Config & Readonly<Record<string, unknown>>>, 'current' | 'onReload'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  readonly tracer: Tracer;
  readonly readiness: Readiness;
  /** Aborted when the process is asked to stop: ends waits of a start that is not finished. */
  readonly signal: AbortSignal;
  /** Ends the process because it cannot go on: `error` is told as that of a failed start. */
  readonly fail: (error: unknown) => void;
}

/** Real `host:port` of every listener, by name. */
export type Addresses = Readonly<Record<string, string>>;

/** Wall ms at which certificates expire, by what they are for. */
export type CertificateExpiries = Readonly<Partial<Record<'own' | 'authority' | 'tokens', number>>>;

/** A service with everything it needs in its hands, not yet listening. */
export interface PreparedService {
  /** The root module: controllers (gRPC handlers, HTTP pages) and their ports. */
  readonly module: DynamicModule | Type;
  readonly listeners: readonly Listener[];
  readonly tokenVerifier?: TokenVerifier;
  /** Which peers are refused although their certificate is in order; nobody when left out. */
  readonly isRevoked?: (peer: PeerIdentity) => boolean;
  /** When its certificates expire, wall ms, by what they are for; read before every scrape. */
  readonly certificatesExpire?: () => CertificateExpiries;
  /** Id in the ring, 32 hex digits; nodes only. */
  readonly id?: string;
  /** Addresses of listeners that the service opened itself. */
  readonly addresses?: Addresses;
  /** Pages of the admin server that stand in the ready line: key to path. */
  readonly pages?: Readonly<Record<string, string>>;
  /** Runs when every listener listens, before the ready line. */
  started?(addresses: Addresses): Promise<void> | void;
}

/**
 * A service: its name, its settings, and how it is put together. Stopping is Nest's: `beforeApplicationShutdown` runs
 * while listeners still answer (drain, leave), `onApplicationShutdown` when they are closed (databases, files).
 */
export interface ServiceDefinition<Schema extends z.ZodObject = z.ZodObject> {
  readonly service: string;
  readonly schema: Schema;
  /** Opens what must be there before anyone calls: identity, database. What it throws ends the process with a reason. */
  prepare(context: ServiceContext<z.infer<Schema>>): Promise<PreparedService>;
}
