import { callUnary } from '@banyan/grpc';
import { idFromBytes, type Id } from '@banyan/ids';
import type { PeerIdentity } from '@banyan/identity';
import type { auth } from '@banyan/proto';
import type { PeerService } from '../peer-service.ts';

/** Between two looks at the list, ms. */
const LOOK_MS = 60_000;

/**
 * Whose certificates were ended before their time, as auth last said. While auth is away the last list stands; a node
 * that starts meanwhile knows none, as certificates are good until somebody says otherwise.
 */
export class Revocations {
  readonly #service: PeerService<auth.AuthServiceClient> | undefined;
  #revoked: ReadonlySet<Id> = new Set();
  #timer: NodeJS.Timeout | undefined;

  /** Without a peer address of auth the list stays empty. */
  constructor(service: PeerService<auth.AuthServiceClient> | undefined) {
    this.#service = service;
  }

  start(): void {
    if (this.#service === undefined) return;
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref();
    void this.#look();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  isRevoked(peer: PeerIdentity): boolean {
    return this.#revoked.has(peer.id);
  }

  async #look(): Promise<void> {
    if (this.#service === undefined) return;
    const { client } = this.#service;
    const answer = await callUnary(client.listRevoked.bind(client), {}).catch(() => undefined);
    if (answer !== undefined) this.#revoked = new Set(answer.nodeIds.filter((id) => id.length === 16).map((id) => idFromBytes(id)));
  }
}
