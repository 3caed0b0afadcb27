// A whole auth service in this process, and members and callers for it.
import type { Client } from '@grpc/grpc-js';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@banyan/grpc';
import { enroll, generateNodeKey, type Credentials, type EnrolledRole } from '@banyan/identity';
import { auth } from '@banyan/proto';
import { callUnary, createPeerClient, type RunningService } from '@banyan/service-kit';
import { startTestService } from '@banyan/service-kit/testing';
import { authService } from '../auth-service.ts';

export const ENROLMENT_TOKEN = 'a shared enrolment token';
export const ADMIN_SECRET = 'the secret of the admin';

const ROLES = { node: auth.Role.NODE, bootstrap: auth.Role.BOOTSTRAP, builder: auth.Role.BUILDER } as const;

const directories: string[] = [];

function freshDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'banyan-auth-'));
  directories.push(directory);
  return directory;
}

export class RunningAuth {
  readonly #clients: Client[] = [];

  private constructor(
    readonly service: RunningService,
    readonly dataDir: string,
    /** The trust anchor, PEM. */
    readonly authority: string,
  ) {}

  static async start(dataDir = freshDirectory(), flags: readonly string[] = []): Promise<RunningAuth> {
    const secrets = ['--initial-enrolment-token', ENROLMENT_TOKEN, '--initial-admin-secret', ADMIN_SECRET];
    const service = await startTestService(authService, { flags: ['--data-dir', dataDir, ...secrets, ...flags] });
    return new RunningAuth(service, dataDir, readFileSync(join(dataDir, 'ca.pem'), 'utf8'));
  }

  get addresses(): Readonly<Record<'api' | 'peer' | 'admin' | 'jwks', string>> {
    return this.service.ready.addresses as Record<'api' | 'peer' | 'admin' | 'jwks', string>;
  }

  /** A client of the API, with a token or without. */
  client(token?: string): auth.AuthServiceClient {
    return this.#keep(createClient(auth.AuthServiceClient, { address: this.addresses.api, authority: this.authority, token: () => token }));
  }

  /** A client of the peer listener. */
  peerClient(credentials: Credentials): auth.AuthServiceClient {
    return this.#keep(createPeerClient(auth.AuthServiceClient, { address: this.addresses.peer, credentials, role: 'auth' }));
  }

  /** A token of `admin`. */
  async adminToken(scopes: readonly string[] = ['admin']): Promise<string> {
    const client = this.client();
    return (await callUnary(client.issueToken.bind(client), { subject: 'admin', secret: ADMIN_SECRET, scopes: [...scopes], ttlSeconds: 60 })).token;
  }

  /** A member, enrolled over the API. */
  enroll(role: EnrolledRole = 'node', enrolmentToken = ENROLMENT_TOKEN): Promise<Credentials> {
    const client = this.client();
    const order = { privateKey: generateNodeKey(), enrolmentToken, role, addresses: ['localhost'], authority: this.authority };
    return enroll(order, {
      begin: (request) => callUnary(client.beginEnrolment.bind(client), request),
      enroll: (request) => callUnary(client.enroll.bind(client), { ...request, addresses: [...request.addresses], role: ROLES[request.role] }),
    });
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

