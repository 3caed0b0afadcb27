import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { durationText } from '../output/quantities.ts';
import { fail, ok, warn, type Finding } from './check.ts';
import { splitHostPort } from './host-port.ts';

/** Every new connection asks for the name first. */
const SLOW_MS = 1_000;

/** Every host name among the addresses means something, and is told quickly. `resolve` gives the addresses of a name. */
export async function checkNames(addresses: readonly string[], resolve: (host: string) => Promise<readonly string[]> = systemResolver): Promise<readonly Finding[]> {
  const hosts = [...new Set(addresses.map((address) => splitHostPort(address).host))].filter((host) => isIP(host) === 0 && host !== '');
  if (hosts.length === 0) return [ok('DNS', 'not needed: all addresses are numbers')];
  const findings = await Promise.all(hosts.map((host) => checkName(host, resolve)));
  const wrong = findings.filter(({ verdict }) => verdict !== 'ok');
  return wrong.length > 0 ? wrong : [ok('DNS', findings.map(({ detail }) => detail).join('; '))];
}

async function checkName(host: string, resolve: (host: string) => Promise<readonly string[]>): Promise<Finding> {
  const what = `DNS of ${host}`;
  const askedAt = performance.now();
  try {
    const found = await resolve(host);
    const ms = performance.now() - askedAt;
    if (found.length === 0) return fail(what, 'the name means nothing', 'mend the name, or the records of that zone');
    if (ms > SLOW_MS) return warn(what, `told only after ${durationText(ms)}`, 'look at the name servers of this machine (resolv.conf): every new connection waits for them');
    return ok(what, `${host} is ${found.join(', ')}`);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    if (code === 'EAI_AGAIN') return fail(what, 'no name server answers', 'look at the name servers of this machine (resolv.conf)');
    return fail(what, code === 'ENOTFOUND' ? 'the name means nothing' : code, 'mend the name, or the records of that zone');
  }
}

async function systemResolver(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
