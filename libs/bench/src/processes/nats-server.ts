import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

const PROGRAM = 'nats-server';
const READY_MS = 10_000;

/** A running nats-server. */
export interface NatsServer extends Disposable {
  readonly pid: number;
  /** `host:port` for clients. */
  readonly address: string;
}

/** Why nats-server cannot be measured, and what to do about it; undefined when it can. */
export function natsMissing(): string | undefined {
  const { error } = spawnSync(PROGRAM, ['--version']);
  return error === undefined ? undefined : `${PROGRAM} is not installed: 'apt-get install nats-server' (Debian) brings it, then run this again`;
}

/** Starts so many servers, joined to a cluster when more than one. */
export async function startNats(count = 1): Promise<readonly NatsServer[]> {
  const ports = await freePorts(2 * count);
  const routes = ports.slice(count).map((port) => `nats://127.0.0.1:${port}`).join(',');
  const servers: NatsServer[] = [];
  for (let i = 0; i < count; i++) {
    const cluster = count === 1 ? [] : ['--cluster_name', 'bench', '--cluster', `nats://127.0.0.1:${ports[count + i]}`, '--routes', routes];
    const child = spawn(PROGRAM, ['--addr', '127.0.0.1', '--port', String(ports[i]), ...cluster], { stdio: 'ignore' });
    servers.push({ pid: child.pid ?? 0, address: `127.0.0.1:${ports[i]}`, [Symbol.dispose]: () => void child.kill('SIGKILL') });
    await untilReady(child, ports[i] ?? 0);
  }
  return servers;
}

async function untilReady(child: ChildProcess, port: number): Promise<void> {
  for (const end = performance.now() + READY_MS; performance.now() < end; await delay(50)) {
    if (child.exitCode !== null) throw new Error(`${PROGRAM} ended with exit code ${child.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const isOpen = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false);
    socket.destroy();
    if (isOpen) return;
  }
  throw new Error(`${PROGRAM} does not listen after ${READY_MS} ms`);
}

// Held until all are found, so that no two are the same.
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => (server.listening ? undefined : once(server, 'listening'))));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
