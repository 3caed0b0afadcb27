import type { Client } from '@grpc/grpc-js';
import type { ClientConstructor } from '@banyan/grpc';
import type { Role } from '@banyan/identity';
import { createPeerClient, type Membership } from '@banyan/service-kit';

/**
 * A control-plane service as a node reaches it: one client over mutual TLS, made anew when the node's certificate is
 * renewed. The connection is made by the first call, so the service may be away as long as nobody needs it.
 */
export class PeerService<C extends Client> {
  readonly address: string;
  readonly #make: () => C;
  #client: C;

  constructor(constructor: ClientConstructor<C>, address: string, role: Role, membership: Membership) {
    this.address = address;
    this.#make = () => createPeerClient(constructor, { address, credentials: membership.credentials, role });
    this.#client = this.#make();
    membership.onRenewed(() => {
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
