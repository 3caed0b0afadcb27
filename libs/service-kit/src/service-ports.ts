// What every handler may ask for by injection. Symbols, because the ports are interfaces.
import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { PreparedService, ServiceContext } from './service-definition.ts';

/** The process's `Logger`. */
export const LOGGER = Symbol('banyan.logger');
/** The process's `MetricsRegistry`. */
export const METRICS = Symbol('banyan.metrics');
/** The process's `Tracer`. */
export const TRACER = Symbol('banyan.tracer');
/** The process's `Readiness`. */
export const READINESS = Symbol('banyan.readiness');
/** The `TokenVerifier` of the service, or undefined when no listener takes tokens. */
export const TOKEN_VERIFIER = Symbol('banyan.token-verifier');
/** `(peer: PeerIdentity) => boolean`: whose certificate was ended before its time. */
export const IS_REVOKED = Symbol('banyan.is-revoked');

/** `() => RunningPage`: what `/config` shows. */
export const RUNNING_PAGE = Symbol('banyan.running-page');

/** Provides the ports everywhere. */
@Global()
@Module({})
export class ServicePortsModule {
  static of(context: ServiceContext<unknown>, prepared: PreparedService): DynamicModule {
    const providers = [
      { provide: LOGGER, useValue: context.logger },
      { provide: METRICS, useValue: context.metrics },
      { provide: TRACER, useValue: context.tracer },
      { provide: READINESS, useValue: context.readiness },
      { provide: TOKEN_VERIFIER, useValue: prepared.tokenVerifier },
      { provide: IS_REVOKED, useValue: prepared.isRevoked ?? (() => false) },
    ];
    return { module: ServicePortsModule, providers, exports: providers.map(({ provide }) => provide) };
  }
}
