// grpc.health.v1 over the same TLS as every other call. Package: grpc-health-check, for its service definition.
import { makeClientConstructor, type Client, type ServiceError } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { createClient, parseStatus, type ClientConstructor } from '@banyan/grpc';

/** What a service says of its health. */
export interface Health {
  readonly state: 'serving' | 'notServing' | 'unreachable';
  readonly roundTripMs?: number;
  readonly fault?: string;
}

interface HealthClient extends Client {
  check(request: { readonly service: string }, options: { readonly deadline: number }, callback: (error: ServiceError | null, answer?: { readonly status: string | number }) => void): unknown;
}

const DEADLINE_MS = 2_000;
const SERVING: readonly (string | number | undefined)[] = ['SERVING', 1];

/** Asks one service for its health, over one channel. */
export class HealthCall {
  readonly #client: HealthClient;

  constructor(address: string, authority: string) {
    const constructor = makeClientConstructor(healthService, 'Health') as unknown as ClientConstructor<HealthClient>;
    this.#client = createClient(constructor, { address, authority });
  }

  /** What it says now; silence within two seconds is `unreachable`. */
  ask(): Promise<Health> {
    const startedAt = performance.now();
    return new Promise((resolve) => {
      this.#client.check({ service: '' }, { deadline: Date.now() + DEADLINE_MS }, (error, answer) => {
        if (error !== null) return resolve({ state: 'unreachable', fault: parseStatus(error).message });
        resolve({ state: SERVING.includes(answer?.status) ? 'serving' : 'notServing', roundTripMs: performance.now() - startedAt });
      });
    });
  }

  close(): void {
    this.#client.close();
  }
}
