import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect, type TLSSocket } from 'node:tls';
import { fail, ok, warn, type Finding } from './check.ts';
import { splitHostPort } from './host-port.ts';

const DAY_MS = 24 * 3_600_000;
/** Certificates are renewed at half their life of 30 days: one with so little left was not. */
const SOON_DAYS = 7;
const DIAL_TIMEOUT_MS = 2_000;

/** A finding about a certificate that was seen, with the whole days it is still good for. */
export interface CertificateFinding extends Finding {
  readonly daysLeft?: number;
}

/** The authority can be read and is valid, and every service shows a certificate of it. */
export async function checkCertificates(authorityFile: string, services: readonly { readonly name: string; readonly address: string }[]): Promise<readonly CertificateFinding[]> {
  const authority = await readFile(authorityFile, 'utf8').catch((error: Error) => error);
  if (authority instanceof Error) {
    return [fail('authority', `cannot read ${authorityFile}: ${authority.message}`, 'auth writes it when it starts; give --authority for another overlay')];
  }
  const certificate = parse(authority);
  if (certificate === undefined) return [fail('authority', `${authorityFile} holds no certificate`, 'remove it and start auth again')];
  const own = lifeOf('authority', certificate, 'start the overlay in a new data directory: a new authority means new identities');
  return [own, ...(await Promise.all(services.map(({ name, address }) => checkService(name, address, authority))))];
}

async function checkService(name: string, address: string, authority: string): Promise<CertificateFinding> {
  const what = `certificate of ${name}`;
  try {
    const shown = await shownCertificate(address, authority);
    return lifeOf(what, shown, `start ${name} again: it renews by itself when auth answers`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail(what, `${address}: ${why}`, `check that ${name} runs, and that it enrolled with the auth service of this overlay`);
  }
}

function shownCertificate(address: string, authority: string): Promise<X509Certificate> {
  const { host, port } = splitHostPort(address);
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ host, port, ca: authority, ALPNProtocols: ['h2'], timeout: DIAL_TIMEOUT_MS }, () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) reject(new Error('it shows no certificate'));
      else resolve(certificate);
    });
    socket.on('error', reject);
    socket.on('timeout', () => socket.destroy(new Error(`no TLS handshake within ${DIAL_TIMEOUT_MS / 1_000} s`)));
  });
}

function lifeOf(what: string, certificate: X509Certificate, mend: string): CertificateFinding {
  const now = Date.now();
  const [from, to] = [certificate.validFromDate.getTime(), certificate.validToDate.getTime()];
  const days = Math.floor((to - now) / DAY_MS);
  if (now < from) return fail(what, `is valid only from ${certificate.validFrom}`, 'set the clock of this machine');
  if (now > to) return { ...fail(what, `expired on ${certificate.validTo}`, mend), daysLeft: days };
  if (days < SOON_DAYS) return { ...warn(what, `expires on ${certificate.validTo}`, mend), daysLeft: days };
  return { ...ok(what, `valid for ${days} days`), daysLeft: days };
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
