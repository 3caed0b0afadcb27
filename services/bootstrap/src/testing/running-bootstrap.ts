// A whole bootstrap service in this process, which has enrolled before, and callers for it.
import type { Client } from '@grpc/grpc-js';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@banyan/grpc';
import type { Credentials } from '@banyan/identity';
import { mintTestAuthority, type TestAuthority } from '@banyan/identity/testing';
import { bootstrap } from '@banyan/proto';
import { createPeerClient, type RunningService } from '@banyan/service-kit';
import { startTestService } from '@banyan/service-kit/testing';
import { bootstrapService } from '../bootstrap-service.ts';

const directories: string[] = [];

function freshDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'banyan-bootstrap-'));
  directories.push(directory);
  return directory;
}

export class RunningBootstrap {
  readonly #clients: Client[] = [];

  private constructor(
    readonly service: RunningService,
    readonly trust: TestAuthority,
    readonly dataDir: string,
    readonly flags: readonly string[],
  ) {}

  static async start(...more: readonly string[]): Promise<RunningBootstrap> {
    const trust = await mintTestAuthority();
    const dataDir = freshDirectory();
    const authorityFile = join(dataDir, 'ca.pem');
    writeFileSync(authorityFile, trust.pem);
    await trust.provision(dataDir, { role: 'bootstrap' });
    // Nobody listens there: a member that has enrolled needs no auth.
    const flags = ['--data-dir', dataDir, '--authority-file', authorityFile, '--auth-address', '127.0.0.1:1', '--jwks-url', 'http://127.0.0.1:1/', ...more];
    return new RunningBootstrap(await startTestService(bootstrapService, { flags }), trust, dataDir, flags);
  }

  get addresses(): Readonly<Record<'api' | 'peer' | 'admin', string>> {
    return this.service.ready.addresses as Record<'api' | 'peer' | 'admin', string>;
  }

  /** A client of the API, with a token or without. */
  client(token?: string): bootstrap.BootstrapServiceClient {
    return this.#keep(createClient(bootstrap.BootstrapServiceClient, { address: this.addresses.api, authority: this.trust.pem, token: () => token }));
  }

  /** A client of the peer listener. */
  peerClient(credentials: Credentials): bootstrap.BootstrapServiceClient {
    return this.#keep(createPeerClient(bootstrap.BootstrapServiceClient, { address: this.addresses.peer, credentials, role: 'bootstrap' }));
  }

  /** Removes every directory that was made here; for the end of a spec. */
  static sweep(): void {
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.service.stop();
  }

  #keep<C extends Client>(client: C): C {
    this.#clients.push(client);
    return client;
  }
}
