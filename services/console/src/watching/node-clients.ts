import { Client } from '@banyan/client';

/** Channels kept for questions at most; the one used longest ago goes. */
const CLIENTS_MAX = 64;

/** Clients of single nodes with the console's own token: kept ones for questions, and one of its own for each stream. */
export class NodeClients {
  readonly #kept = new Map<string, Client>(); // insertion order = order of last use

  constructor(
    private readonly authority: string,
    private readonly token: () => string | undefined,
    private readonly treeBuilder: string,
  ) {}

  /** The kept client of the node at an API address. */
  at(address: string): Client {
    const client = this.#kept.get(address) ?? this.open(address);
    this.#kept.delete(address);
    this.#kept.set(address, client);
    for (const [oldest, old] of this.#kept) {
      if (this.#kept.size <= CLIENTS_MAX) break;
      old.close();
      this.#kept.delete(oldest);
    }
    return client;
  }

  /** A client that the caller closes, which ends its streams; with a token of another when one is given. */
  open(address: string, token: () => string | undefined = this.token): Client {
    return new Client({ addresses: [address], token, treeBuilder: this.treeBuilder }, this.authority);
  }

  /** Closes those that are kept. */
  close(): void {
    for (const client of this.#kept.values()) client.close();
    this.#kept.clear();
  }
}
