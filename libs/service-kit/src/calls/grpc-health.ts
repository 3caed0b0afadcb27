import type { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { Readiness } from '../readiness.ts';
import type { ServiceMethods } from './listener.ts';

/** Serves grpc.health.v1 on a server: the whole of it (`""`) and each of its services follow the readiness. */
export function serveHealth(server: Server, services: readonly ServiceMethods[], readiness: Readiness): void {
  const names = ['', ...services.map(serviceName)];
  const health = new HealthImplementation();
  health.addToServer(server);
  readiness.watch((isReady) => {
    for (const name of names) health.setStatus(name, isReady ? 'SERVING' : 'NOT_SERVING');
  });
}

/** `banyan.overlay.v1.OverlayService`. */
export function serviceName(methods: ServiceMethods): string {
  return Object.values(methods)[0]?.path.split('/')[1] ?? '';
}
