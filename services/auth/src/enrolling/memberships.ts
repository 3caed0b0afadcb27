import type { Id } from '@banyan/ids';
import { OverlayError } from '@banyan/grpc';
import { addressesFault, publicKeyToSpki, readCertificateRequest, type CertificateAuthority, type IssuedCertificate, type PeerIdentity } from '@banyan/identity';
import type { AuditLog } from '../storing/audit-log.ts';
import type { EnrolmentStore } from '../storing/enrolment-store.ts';

/** What becomes of members after they enrolled: they renew, or are revoked. */
export class Memberships {
  constructor(
    private readonly authority: CertificateAuthority,
    private readonly store: EnrolmentStore,
    private readonly audit: AuditLog,
    private readonly now: () => number,
  ) {}

  /**
   * A new certificate for the same key, salt and role: the caller has shown the old one.
   * Throws CERTIFICATE_REVOKED, NODE_NOT_FOUND, CERTIFICATE_REQUEST_INVALID, POSSESSION_NOT_PROVEN, REQUEST_INVALID.
   */
  async renew(peer: PeerIdentity, request: { readonly certificateRequest: Uint8Array; readonly addresses: readonly string[] }): Promise<IssuedCertificate> {
    const { id, salt } = peer;
    const fault = addressesFault(request.addresses);
    if (fault !== undefined) throw new OverlayError('REQUEST_INVALID', `addresses: ${fault}`, { field: 'addresses' });
    const node = await this.store.findNode(id);
    if (node === undefined) throw new OverlayError('NODE_NOT_FOUND', `no node ${id} has enrolled here`, { id });
    if (node.revokedAt !== undefined) throw revoked(id);
    const publicKey = await readCertificateRequest(request.certificateRequest);
    if (publicKey === undefined) throw new OverlayError('CERTIFICATE_REQUEST_INVALID', 'the certificate request is malformed, or not signed by its key');
    if (!Buffer.from(publicKey).equals(publicKeyToSpki(peer.publicKey))) {
      throw new OverlayError('POSSESSION_NOT_PROVEN', 'the request is for another key than that of the certificate');
    }
    const certificate = await this.authority.issue({ id, salt, role: node.role, addresses: request.addresses, publicKey, now: this.now() });
    // Revoked in the meantime: what was signed is thrown away.
    if (!(await this.store.renew(id, certificate))) throw revoked(id);
    await this.audit.append({ at: this.now(), event: 'node_renewed', actor: id, object: id, detail: `serial ${certificate.serial}` });
    return certificate;
  }

  /** Ends a certificate before its time; twice is once. Throws NODE_NOT_FOUND. */
  async revoke(id: Id, by: { readonly actor: string; readonly reason: string }): Promise<void> {
    const at = this.now();
    if (!(await this.store.revoke(id, { at, reason: by.reason }))) throw new OverlayError('NODE_NOT_FOUND', `no node ${id} has enrolled here`, { id });
    await this.audit.append({ at, event: 'node_revoked', actor: by.actor, object: id, detail: by.reason });
  }

  /** Ids whose certificates were revoked and have not expired. */
  listRevoked(): Promise<readonly Id[]> {
    return this.store.listRevoked(this.now());
  }
}

function revoked(id: Id): OverlayError {
  return new OverlayError('CERTIFICATE_REVOKED', `the certificate of ${id} was revoked`, { id });
}
