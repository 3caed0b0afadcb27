import { connect } from 'node:net';
import { splitHostPort } from './host-port.ts';
import { fail, ok, warn, type Finding } from './check.ts';

/** A listener of a process: what people call it, and where it is said to listen. */
export interface Port {
  /** `data port of node-3`. */
  readonly what: string;
  readonly address: string;
  /** Only other nodes need to reach it: that it is closed from here need not be wrong. */
  readonly isForPeers: boolean;
}

const DIAL_TIMEOUT_MS = 2_000;
/** Dialled at once: a thousand nodes have four thousand ports. */
const DIALLED_MAX = 64;

/** Every port takes connections; those that do not, one by one, with what that means. */
export async function checkPorts(ports: readonly Port[]): Promise<readonly Finding[]> {
  const queue = [...ports];
  const closed: Finding[] = [];
  const dialNext = async (): Promise<void> => {
    for (let port = queue.shift(); port !== undefined; port = queue.shift()) {
      const code = await dial(port.address);
      if (code !== undefined) closed.push(finding(port, code));
    }
  };
  await Promise.all(Array.from({ length: Math.min(DIALLED_MAX, ports.length) }, dialNext));
  if (closed.length > 0) return closed.sort((a, b) => (a.what < b.what ? -1 : 1));
  return ports.length === 0 ? [] : [ok('ports', `all ${ports.length} take connections`)];
}

function finding({ what, address, isForPeers }: Port, code: string): Finding {
  const detail = `${address}: ${MEANING[code] ?? code}`;
  const mend = MEND[code] ?? 'check the address, the network and the firewalls between here and there';
  return isForPeers ? warn(what, detail, `${mend}; only other nodes need to reach it, so look from one of them`) : fail(what, detail, mend);
}

const MEANING: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  TIMEOUT: `no answer within ${DIAL_TIMEOUT_MS / 1_000} s`,
  ENOTFOUND: 'the host name means nothing',
  EHOSTUNREACH: 'no way leads to that host',
  ENETUNREACH: 'no way leads to that network',
};

const MEND: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'see whether the process runs, and that it listens on an address others can reach, not on loopback',
  TIMEOUT: 'a firewall drops it, or the host is down: open the port',
  ENOTFOUND: 'mend the name, or advertise an address (advertisedHost)',
};

/** Why a connection cannot be made; undefined when it can. */
function dial(address: string): Promise<string | undefined> {
  const { host, port } = splitHostPort(address);
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: DIAL_TIMEOUT_MS });
    const done = (code: string | undefined): void => {
      socket.destroy();
      resolve(code);
    };
    socket.on('connect', () => done(undefined));
    socket.on('timeout', () => done('TIMEOUT'));
    socket.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
  });
}
