// For the specs of services: a service that runs in the spec's process, with the callers a spec needs.
// Both end with it, and the directories with the spec file.
import type { Client } from '@grpc/grpc-js';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type ClientConstructor } from '@banyan/grpc';
import type { Credentials, EnrolledRole, Role } from '@banyan/identity';
import { mintTestAuthority, type TestAuthority } from '@banyan/identity/testing';
import { createPeerClient } from './membership/peer-client.ts';
import type { RunningService } from './start-service.ts';

const directories: string[] = [];

/** An empty directory that `sweepDirectories` removes. */
export function freshDirectory(service: string): string {
  const directory = mkdtempSync(join(tmpdir(), `banyan-${service}-`));
  directories.push(directory);
  return directory;
}

/** Removes every directory that was made here; for the end of a spec file. */
export function sweepDirectories(): void {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
}

/** What a service is called by, and what its certificate shows. */
export interface CalledAs<C extends Client> {
  readonly constructor: ClientConstructor<C>;
  readonly role: Role;
  /** The trust anchor, PEM. */
  readonly authority: string;
}

/** A service and its callers; `Place` names what its ready line has besides its listeners. */
export class ServiceUnderTest<C extends Client, Place extends string = never> {
  readonly service: RunningService;
  readonly dataDir: string;
  readonly #calledAs: CalledAs<C>;
  readonly #clients: C[] = [];

  constructor(service: RunningService, dataDir: string, calledAs: CalledAs<C>) {
    this.service = service;
    this.dataDir = dataDir;
    this.#calledAs = calledAs;
  }

  get addresses(): Readonly<Record<'api' | 'peer' | 'admin' | Place, string>> {
    return this.service.ready.addresses as Record<'api' | 'peer' | 'admin' | Place, string>;
  }

  /** A client of the API, with a token or without. */
  client(token?: string): C {
    const { constructor, authority } = this.#calledAs;
    return this.#keep(createClient(constructor, { address: this.addresses.api, authority, token: () => token }));
  }

  /** A client of the peer listener. */
  peerClient(credentials: Credentials): C {
    const { constructor, role } = this.#calledAs;
    return this.#keep(createPeerClient(constructor, { address: this.addresses.peer, credentials, role }));
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.service.stop();
  }

  #keep(client: C): C {
    this.#clients.push(client);
    return client;
  }
}

/** A place where a member may start that has enrolled before: nobody listens at its auth, and it needs none. */
export async function provisionMember(role: EnrolledRole, under?: TestAuthority): Promise<{ readonly trust: TestAuthority; readonly dataDir: string; readonly flags: readonly string[] }> {
  const trust = under ?? (await mintTestAuthority());
  const dataDir = freshDirectory(role);
  const authorityFile = join(dataDir, 'ca.pem');
  writeFileSync(authorityFile, trust.pem);
  await trust.provision(dataDir, { role });
  return { trust, dataDir, flags: ['--data-dir', dataDir, '--authority-file', authorityFile, '--auth-address', '127.0.0.1:1', '--jwks-url', 'http://127.0.0.1:1/'] };
}
