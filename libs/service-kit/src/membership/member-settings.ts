import { z } from 'zod';
import { reloadable, secret } from '@banyan/config';
import { HOST_PORT } from '../service-settings.ts';

/** The settings of a process that is a member of the overlay: whom it trusts, and where it enrolls. Spread into a schema. */
export function memberSettings() {
  return {
    authorityFile: z.string().min(1).describe("File with the certificate of the overlay's authority, PEM: the root of all trust"),
    authAddress: z.string().regex(HOST_PORT, 'must be host:port').describe('API address of the auth service'),
    authPeerAddress: z.string().regex(HOST_PORT, 'must be host:port').optional().describe('Peer address of the auth service, where certificates are renewed and revoked ones are told'),
    revocationLookMs: reloadable(z.number().int().min(100).default(60_000).describe('How often auth is asked whose certificates were revoked, ms')),
    jwksUrl: z.url({ protocol: /^https?$/ }).describe('Where the auth service publishes the keys that sign tokens'),
    certificateHosts: z.array(z.string().min(1).max(253)).max(4, 'at most 4').default([]).describe('More hosts by which callers reach this process (a load balancer, a service of a cluster), named in its certificate'),
    enrolmentToken: secret(z.string().min(1).optional().describe('Proof that this process may enroll; needed until it has a certificate')),
  };
}

/** What membership reads of a configuration. */
export type MemberSettings = z.infer<z.ZodObject<ReturnType<typeof memberSettings>>>;
