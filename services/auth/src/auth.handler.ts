import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { z } from 'zod';
import { idToBytes } from '@banyan/ids';
import { CertificateAuthority, type PeerIdentity, type TokenClaims } from '@banyan/identity';
import type { auth } from '@banyan/proto';
import { Access, AllowAnyone, FromPeer, FromToken, Request, RequirePeer, RequireScope } from '@banyan/service-kit';
import {
  beginEnrolmentRequest,
  createEnrolmentTokenRequest,
  createSubjectRequest,
  deleteSubjectRequest,
  enrollRequest,
  issueTokenRequest,
  renewRequest,
  revokeRequest,
} from './auth.requests.ts';
import type { AUTH_METRICS, Metrics } from '@banyan/telemetry';
import { EnrolmentTokens } from './enrolling/enrolment-tokens.ts';
import { Enrolments, parseNodeId } from './enrolling/enrolments.ts';
import { Memberships } from './enrolling/memberships.ts';
import { ClientTokens } from './issuing/client-tokens.ts';
import { Subjects } from './issuing/subjects.ts';

/** The counter of requests for certificates that were refused; the audit log counts those for tokens. */
export const REFUSALS = Symbol('auth.refusals');

/** banyan.auth.v1.AuthService: who may call, and from messages to what does the work and back. */
@Controller()
export class AuthHandler {
  constructor(
    @Inject(CertificateAuthority) private readonly authority: CertificateAuthority,
    @Inject(Enrolments) private readonly enrolments: Enrolments,
    @Inject(Memberships) private readonly memberships: Memberships,
    @Inject(EnrolmentTokens) private readonly enrolmentTokens: EnrolmentTokens,
    @Inject(ClientTokens) private readonly clientTokens: ClientTokens,
    @Inject(Subjects) private readonly subjects: Subjects,
    @Inject(REFUSALS) private readonly refusals: Metrics<typeof AUTH_METRICS>['refusals'],
  ) {}

  @GrpcMethod('AuthService', 'BeginEnrolment')
  @AllowAnyone()
  async beginEnrolment(@Request(beginEnrolmentRequest) request: z.infer<typeof beginEnrolmentRequest>): Promise<auth.BeginEnrolmentResponse> {
    const { salt, id } = await this.#countingRefusal('enrolment', this.enrolments.begin(request.enrolmentToken, request.publicKey));
    return { salt, nodeId: idToBytes(id) };
  }

  @GrpcMethod('AuthService', 'Enroll')
  @AllowAnyone()
  async enroll(@Request(enrollRequest) request: z.infer<typeof enrollRequest>): Promise<auth.EnrollResponse> {
    const { der, id, notAfter } = await this.#countingRefusal('enrolment', this.enrolments.enroll(request));
    return { certificate: der, authority: this.authority.der, nodeId: idToBytes(id), expiresAtMs: BigInt(notAfter) };
  }

  @GrpcMethod('AuthService', 'Renew')
  @RequirePeer()
  async renew(@Request(renewRequest) request: z.infer<typeof renewRequest>, @FromPeer() peer: PeerIdentity): Promise<auth.RenewResponse> {
    const { der, notAfter } = await this.#countingRefusal('renewal', this.memberships.renew(peer, request));
    return { certificate: der, expiresAtMs: BigInt(notAfter) };
  }

  @GrpcMethod('AuthService', 'Revoke')
  @RequireScope('admin')
  async revoke(@Request(revokeRequest) request: z.infer<typeof revokeRequest>, @FromToken() caller: TokenClaims): Promise<auth.RevokeResponse> {
    await this.memberships.revoke(parseNodeId(request.nodeId), { actor: caller.subject, reason: request.reason });
    return {};
  }

  @GrpcMethod('AuthService', 'ListRevoked')
  @Access({ type: 'peer' }, { type: 'token', scope: 'admin' })
  async listRevoked(): Promise<auth.ListRevokedResponse> {
    return { nodeIds: (await this.memberships.listRevoked()).map(idToBytes) };
  }

  @GrpcMethod('AuthService', 'CreateEnrolmentToken')
  @RequireScope('admin')
  async createEnrolmentToken(
    @Request(createEnrolmentTokenRequest) request: z.infer<typeof createEnrolmentTokenRequest>,
    @FromToken() caller: TokenClaims,
  ): Promise<auth.CreateEnrolmentTokenResponse> {
    return { enrolmentToken: await this.enrolmentTokens.create({ ...request, actor: caller.subject }) };
  }

  @GrpcMethod('AuthService', 'IssueToken')
  @AllowAnyone()
  async issueToken(@Request(issueTokenRequest) request: z.infer<typeof issueTokenRequest>): Promise<auth.IssueTokenResponse> {
    const { ttlSeconds, ...rest } = request;
    const { token, claims } = await this.clientTokens.issue({ ...rest, lifetimeMs: ttlSeconds * 1_000 });
    return { token, expiresAtMs: BigInt(claims.expiresAt) };
  }

  @GrpcMethod('AuthService', 'CreateSubject')
  @RequireScope('admin')
  async createSubject(@Request(createSubjectRequest) request: z.infer<typeof createSubjectRequest>, @FromToken() caller: TokenClaims): Promise<auth.CreateSubjectResponse> {
    return { secret: await this.subjects.create({ ...request, actor: caller.subject }) };
  }

  @GrpcMethod('AuthService', 'DeleteSubject')
  @RequireScope('admin')
  async deleteSubject(@Request(deleteSubjectRequest) request: z.infer<typeof deleteSubjectRequest>, @FromToken() caller: TokenClaims): Promise<auth.DeleteSubjectResponse> {
    await this.subjects.remove({ ...request, actor: caller.subject });
    return {};
  }

  async #countingRefusal<Answer>(request: 'enrolment' | 'renewal', answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answer;
    } catch (error) {
      this.refusals.add(1, { request });
      throw error;
    }
  }
}
