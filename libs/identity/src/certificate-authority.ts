import { createPublicKey, randomBytes, type KeyObject, X509Certificate } from 'node:crypto';
import { toAlternativeNames, type IdentityNames } from './identity-names.ts';
import { generateNodeKey, privateKeyFromPem, privateKeyToPem, publicKeyFromSpki } from './keys.ts';
import { loadX509, signingAlgorithm, toCryptoKey, type X509 } from './x509.ts';

/** How long a certificate lives: 30 days, of which the holder renews it after half. */
export const CERTIFICATE_LIFETIME_MS = 30 * 24 * 3_600_000;
/** How long an authority lives: 10 years. */
export const AUTHORITY_LIFETIME_MS = 3_652 * 24 * 3_600_000;

// Clocks of holders may run behind the authority's by so much.
const CLOCK_SKEW_MS = 5 * 60_000;
const SERIAL_BYTES = 16;

/** What is to be certified. */
export interface CertificateOrder extends IdentityNames {
  /** The holder's public key, SubjectPublicKeyInfo in DER, of an accepted kind. */
  readonly publicKey: Uint8Array;
  /** Wall ms of the signing. */
  readonly now: number;
  /** Length of validity; the usual 30 days when left out. */
  readonly lifetimeMs?: number;
}

/** A certificate just signed. */
export interface IssuedCertificate {
  readonly der: Uint8Array;
  /** Hex digits of the serial number. */
  readonly serial: string;
  /** Last moment of validity, wall ms. */
  readonly notAfter: number;
}

/** An authority as it lies on disk: both PEM. */
export interface AuthorityFiles {
  readonly key: string;
  readonly certificate: string;
}

/**
 * The overlay's certificate authority: the root of all trust in who is who. It signs what it is told; whether a holder
 * deserves a certificate is decided before.
 */
export class CertificateAuthority {
  readonly #x509: X509;
  readonly #key: KeyObject;
  readonly #certificate: X509Certificate;

  private constructor(x509: X509, key: KeyObject, certificate: X509Certificate) {
    this.#x509 = x509;
    this.#key = key;
    this.#certificate = certificate;
  }

  /** A new authority with a key and a name of its own. `now` is wall ms. */
  static async create(now: number): Promise<CertificateAuthority> {
    const x509 = await loadX509();
    const key = generateNodeKey();
    const publicKey = toCryptoKey(createPublicKey(key));
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: drawSerial(),
      // The random part keeps the authorities of two overlays on one machine apart in every tool.
      name: `CN=banyan authority ${randomBytes(4).toString('hex')}`,
      notBefore: new Date(now - CLOCK_SKEW_MS),
      notAfter: new Date(now + AUTHORITY_LIFETIME_MS),
      signingAlgorithm: signingAlgorithm(key),
      keys: { privateKey: toCryptoKey(key), publicKey },
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(publicKey),
      ],
    });
    return new CertificateAuthority(x509, key, new X509Certificate(new Uint8Array(certificate.rawData)));
  }

  /** The authority that was saved. Throws when key and certificate are malformed or do not belong together. */
  static async load(files: AuthorityFiles): Promise<CertificateAuthority> {
    const key = privateKeyFromPem(files.key);
    const certificate = new X509Certificate(files.certificate);
    if (!certificate.ca || !certificate.checkPrivateKey(key)) throw new Error('the authority certificate does not belong to the authority key');
    return new CertificateAuthority(await loadX509(), key, certificate);
  }

  /** What `load` takes. Holds the private key: for a file of mode 0600. */
  save(): AuthorityFiles {
    return { key: privateKeyToPem(this.#key), certificate: this.pem };
  }

  /** The authority's own certificate, PEM: the trust anchor that everyone is given. */
  get pem(): string {
    return this.#certificate.toString();
  }

  /** The authority's own certificate, DER. */
  get der(): Uint8Array {
    return new Uint8Array(this.#certificate.raw);
  }

  /** The authority's own certificate. */
  get certificate(): X509Certificate {
    return this.#certificate;
  }

  /** Signs a certificate. Addresses must have passed `addressesFault`, the key `publicKeyFromSpki`. */
  async issue(order: CertificateOrder): Promise<IssuedCertificate> {
    const x509 = this.#x509;
    const serial = drawSerial();
    const notAfter = Math.floor((order.now + (order.lifetimeMs ?? CERTIFICATE_LIFETIME_MS)) / 1_000) * 1_000; // X.509 counts seconds
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial,
      subject: `CN=${order.id}`,
      issuer: new x509.X509Certificate(this.pem).subject,
      notBefore: new Date(order.now - CLOCK_SKEW_MS),
      notAfter: new Date(notAfter),
      signingAlgorithm: signingAlgorithm(this.#key),
      publicKey: acceptedCryptoKey(order.publicKey),
      signingKey: toCryptoKey(this.#key),
      extensions: await this.#extensions(order),
    });
    return { der: new Uint8Array(certificate.rawData), serial, notAfter };
  }

  async #extensions(order: CertificateOrder): Promise<InstanceType<X509['Extension']>[]> {
    const x509 = this.#x509;
    return [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([...toAlternativeNames(order)]),
      await x509.SubjectKeyIdentifierExtension.create(acceptedCryptoKey(order.publicKey)),
      await x509.AuthorityKeyIdentifierExtension.create(toCryptoKey(createPublicKey(this.#key))),
    ];
  }
}

function acceptedCryptoKey(spki: Uint8Array): ReturnType<typeof toCryptoKey> {
  const key = publicKeyFromSpki(spki);
  if (key === undefined) throw new TypeError('only Ed25519 and P-256 keys are certified');
  return toCryptoKey(key);
}

// Positive and without a leading zero byte, as DER integers are written shortest.
function drawSerial(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f);
  return bytes.toString('hex');
}
