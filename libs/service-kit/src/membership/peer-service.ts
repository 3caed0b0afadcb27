import type { Client } from '@grpc/grpc-js';
import type { ClientConstructor } from '@banyan/grpc';
import type { Credentials, Role } from '@banyan/identity';
import { createPeerClient } from './peer-client.ts';

/** Whose calls they are: what it is now, and who wants to know when that changes. */
export interface RenewingMember {
  readonly credentials: Credentials;
  onRenewed(watcher: (credentials: Credentials) => void): void;
}

/**
 * A service of the control plane as a member reaches it: one client over mutual TLS, made anew when the member's
 * certificate is renewed. The connection is made by the first call, so the service may be away as long as nobody needs it.
 */
export class PeerService<C extends Client> {
  readonly address: string;
  readonly #make: () => C;
  #client: C;

  constructor(constructor: ClientConstructor<C>, address: string, role: Role, member: RenewingMember) {
    this.address = address;
    this.#make = () => createPeerClient(constructor, { address, credentials: member.credentials, role });
    this.#client = this.#make();
    member.onRenewed(() => {
      // Calls that are under way end on the old connection.
      const old = this.#client;
      this.#client = this.#make();
      old.close();
    });
  }

  get client(): C {
    return this.#client;
  }

  close(): void {
    this.#client.close();
  }
}
