import { callUnary } from '@banyan/grpc';
import { idFromBytes, type Id } from '@banyan/ids';
import type { PeerIdentity } from '@banyan/identity';
import type { auth } from '@banyan/proto';
import type { PeerService } from './peer-service.ts';

const ID_BYTES = 16;

/**
 * Whose certificates were ended before their time, as auth last said. While auth is away the last list stands; a process
 * that starts meanwhile knows none, as certificates are good until somebody says otherwise.
 */
export class Revocations {
  readonly #service: PeerService<auth.AuthServiceClient>;
  readonly #watchers: ((revoked: ReadonlySet<Id>) => void)[] = [];
  #timer: NodeJS.Timeout;
  #revoked: ReadonlySet<Id> = new Set();

  /** Asks now, and again every `lookMs`. */
  constructor(service: PeerService<auth.AuthServiceClient>, lookMs: number) {
    this.#service = service;
    this.#timer = setInterval(() => void this.#look(), lookMs).unref();
    void this.#look();
  }

  isRevoked(peer: Pick<PeerIdentity, 'id'>): boolean {
    return this.#revoked.has(peer.id);
  }

  /** Calls `watcher` with the ids whenever the list has grown. */
  onRevoked(watcher: (revoked: ReadonlySet<Id>) => void): void {
    this.#watchers.push(watcher);
  }

  /** Asks every `lookMs` from now on. */
  lookEvery(lookMs: number): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => void this.#look(), lookMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#service.close();
  }

  async #look(): Promise<void> {
    const { client } = this.#service;
    const answer = await callUnary(client.listRevoked.bind(client), {}).catch(() => undefined);
    if (answer === undefined) return;
    const known = this.#revoked;
    this.#revoked = new Set(answer.nodeIds.filter((id) => id.length === ID_BYTES).map((id) => idFromBytes(id)));
    if ([...this.#revoked].every((id) => known.has(id))) return;
    for (const watcher of this.#watchers) watcher(this.#revoked);
  }
}
