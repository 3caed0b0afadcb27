// A whole auth service in this process, and members and callers for it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { enroll, generateNodeKey, privateKeyFromPem, TokenSigner, type Credentials, type EnrolledRole } from '@banyan/identity';
import { auth } from '@banyan/proto';
import { callUnary } from '@banyan/grpc';
import type { RunningService } from '@banyan/service-kit';
import { freshDirectory, ServiceUnderTest, startTestService } from '@banyan/service-kit/testing';
import { authService } from '../auth-service.ts';

export const ENROLMENT_TOKEN = 'a shared enrolment token';
export const ADMIN_SECRET = 'the secret of the admin';

const ROLES = { node: auth.Role.NODE, bootstrap: auth.Role.BOOTSTRAP, builder: auth.Role.BUILDER } as const;

export class RunningAuth extends ServiceUnderTest<auth.AuthServiceClient, 'jwks'> {
  private constructor(
    service: RunningService,
    dataDir: string,
    /** The trust anchor, PEM. */
    readonly authority: string,
  ) {
    super(service, dataDir, { constructor: auth.AuthServiceClient, role: 'auth', authority });
  }

  static async start(dataDir = freshDirectory('auth'), flags: readonly string[] = []): Promise<RunningAuth> {
    const secrets = ['--initial-enrolment-token', ENROLMENT_TOKEN, '--initial-admin-secret', ADMIN_SECRET];
    const service = await startTestService(authService, { flags: ['--data-dir', dataDir, ...secrets, ...flags] });
    return new RunningAuth(service, dataDir, readFileSync(join(dataDir, 'ca.pem'), 'utf8'));
  }

  /** A token of `admin`. */
  async adminToken(scopes: readonly string[] = ['admin']): Promise<string> {
    const client = this.client();
    return (await callUnary(client.issueToken.bind(client), { subject: 'admin', secret: ADMIN_SECRET, scopes: [...scopes], ttlSeconds: 60 })).token;
  }

  /** A token of `admin` signed with auth's own key: also one that auth would not give. */
  async signedToken(scopes: readonly string[], lifetimeMs = 60_000): Promise<string> {
    const signer = await TokenSigner.create(privateKeyFromPem(readFileSync(join(this.dataDir, 'token-key.pem'), 'utf8')));
    return (await signer.sign({ subject: 'admin', scopes, now: Date.now(), lifetimeMs })).token;
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
}
