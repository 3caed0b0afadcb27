import type { RenewableServerCredentials } from '@banyan/grpc';
import {
  assembleCredentials,
  certificateToPem,
  drawSalt,
  generateNodeKey,
  nodeId,
  privateKeyToPem,
  publicKeyToSpki,
  renewalTime,
  toTokenJwk,
  type CertificateAuthority,
  type Credentials,
  type Role,
  type TokenKeySet,
  type TokenSigner,
} from '@banyan/identity';

// How often it is looked whether half of a certificate's life is over.
const LOOK_EVERY_MS = 3_600_000;

/**
 * What auth certifies for itself, under its own authority: its TLS certificate, for a key that lives as long as the
 * process, and the certificate that vouches for the token key. Both are renewed at half of their life.
 */
export class OwnCertificates {
  #server: Credentials;
  #keySet: TokenKeySet;
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly authority: CertificateAuthority,
    private readonly signer: TokenSigner,
    private readonly addresses: readonly string[],
    server: Credentials,
    keySet: TokenKeySet,
  ) {
    this.#server = server;
    this.#keySet = keySet;
  }

  /** `addresses`: names and IP addresses under which others reach auth. `now` is wall ms. */
  static async issue(authority: CertificateAuthority, signer: TokenSigner, addresses: readonly string[], now: number): Promise<OwnCertificates> {
    const [server, keySet] = [await issueServer(authority, addresses, now), await issueKeySet(authority, signer, now)];
    return new OwnCertificates(authority, signer, addresses, server, keySet);
  }

  /** Who auth is, for TLS. */
  get server(): Credentials {
    return this.#server;
  }

  /** What verifies auth's tokens. */
  get keySet(): TokenKeySet {
    return this.#keySet;
  }

  /** When they expire, wall ms; both are issued in the same moment. */
  get expire(): { readonly own: number; readonly tokens: number } {
    const { notAfter } = this.#server.identity;
    return { own: notAfter, tokens: notAfter };
  }

  /** Renews both when half of their life is over; true when it was. */
  async renewIfDue(now: number): Promise<boolean> {
    if (now < renewalTime(this.#server.identity)) return false;
    this.#server = await issueServer(this.authority, this.addresses, now);
    this.#keySet = await issueKeySet(this.authority, this.signer, now);
    return true;
  }

  /** Keeps both fresh and shows the new one on `listeners`, until `stop`. */
  keepFresh(listeners: readonly RenewableServerCredentials[]): void {
    this.#timer = setInterval(() => void this.look(listeners), LOOK_EVERY_MS).unref();
  }

  /** Renews what is due now, and shows it on `listeners`. */
  async look(listeners: readonly RenewableServerCredentials[]): Promise<void> {
    if (!(await this.renewIfDue(Date.now()))) return;
    for (const listener of listeners) listener.renew(this.#server);
  }

  /** Ends `keepFresh`. */
  stop(): void {
    clearInterval(this.#timer);
  }
}

async function issueServer(authority: CertificateAuthority, addresses: readonly string[], now: number): Promise<Credentials> {
  const key = generateNodeKey();
  const certificate = certificateToPem(await issueFor(authority, publicKeyToSpki(key), { role: 'auth', addresses, now }));
  const credentials = assembleCredentials({ key: privateKeyToPem(key), certificate, authority: authority.pem });
  if (credentials === undefined) throw new Error('a certificate just issued belongs to its key');
  return credentials;
}

async function issueKeySet(authority: CertificateAuthority, signer: TokenSigner, now: number): Promise<TokenKeySet> {
  const der = await issueFor(authority, publicKeyToSpki(signer.publicKey), { role: 'tokens', addresses: [], now });
  return { keys: [toTokenJwk(signer.publicKey, signer.keyId, der)] };
}

interface OwnOrder {
  readonly role: Role;
  readonly addresses: readonly string[];
  readonly now: number;
}

async function issueFor(authority: CertificateAuthority, publicKey: Uint8Array, order: OwnOrder): Promise<Uint8Array> {
  const salt = drawSalt();
  return (await authority.issue({ ...order, id: nodeId(publicKey, salt), salt, publicKey })).der;
}
