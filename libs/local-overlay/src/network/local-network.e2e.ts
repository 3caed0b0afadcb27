import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isAlive } from '../process-identity.ts';
import { bothWays, halves, type Cut } from './cuts.ts';
import { LocalNetwork } from './local-network.ts';
import { run } from './namespaces.ts';

const whyNot = await LocalNetwork.whyNot();
if (whyNot !== undefined) console.warn(`not tested here: ${whyNot}`);

describe.skipIf(whyNot !== undefined)('a network of namespaces', () => {
  it('joins its hosts and this process, and leaves nothing', async () => {
    const network = await LocalNetwork.create();
    const echo = await echoOn(network, 'b');
    expect(await (await asker(network, 'a', echo)).ask()).toBe('echo');
    await network.remove();
    expect(await namespacesOf(process.pid)).toEqual([]);
  });

  it.each<{ readonly what: string; readonly cuts: (port: number) => readonly Cut[] }>([
    { what: 'both ways', cuts: () => bothWays('a', 'b') },
    { what: 'one way', cuts: () => [{ from: 'a', to: 'b' }] },
    { what: 'the other way', cuts: () => [{ from: 'b', to: 'a' }] },
    { what: 'one port', cuts: (port) => bothWays('a', 'b', port) },
    { what: 'halves', cuts: () => halves(['a'], ['b', 'c']) },
  ])('swallows what is sent on an open connection, $what, and lets it through again', async ({ cuts }) => {
    await using network = await LocalNetwork.create();
    const echo = await echoOn(network, 'b');
    const [cutOff, other] = [await asker(network, 'a', echo), await asker(network, 'c', echo)];
    expect([await cutOff.ask(), await other.ask()]).toEqual(['echo', 'echo']);
    await network.cut(cuts(echo.port));
    expect([await cutOff.ask(), await other.ask()]).toEqual(['nothing', 'echo']);
    await network.heal();
    expect(await cutOff.ask()).toBe('echo');
  });

  it('swallows one port only', async () => {
    await using network = await LocalNetwork.create();
    const [data, control] = [await echoOn(network, 'b'), await echoOn(network, 'b')];
    await network.cut(bothWays('a', 'b', data.port));
    expect(await Promise.all([data, control].map(async (echo) => (await asker(network, 'a', echo)).ask()))).toEqual(['nothing', 'echo']);
  });

  it('removes what a process left that was killed, with its processes', async () => {
    const { child, said } = await makeNetwork([]);
    const { pid } = said as { pid: number };
    child.kill('SIGKILL');
    await once(child, 'exit');
    await using network = await LocalNetwork.create();
    await network.host('a');
    expect(isAlive({ pid })).toBe(false);
    expect(await namespacesOf(child.pid)).toEqual([]);
  });

  it('says what is missing where namespaces cannot be made', async () => {
    const { said } = await makeNetwork(['setpriv', '--bounding-set=-net_admin,-sys_admin']);
    expect(said).toMatchObject({ reason: 'NAMESPACES_UNAVAILABLE', message: expect.stringContaining('need root, iproute2 and iptables') });
  });
});

interface Echo {
  readonly address: string;
  readonly port: number;
}

async function echoOn(network: LocalNetwork, name: string): Promise<Echo> {
  const { address } = await network.host(name);
  const { lines } = await start(network, name, ['echo.mjs', address]);
  const [port] = (await once(lines, 'line')) as [string];
  return { address, port: Number(port) };
}

/** One connection to an echo; what is asked on it comes back or does not. */
async function asker(network: LocalNetwork, name: string, { address, port }: Echo): Promise<{ ask(): Promise<string> }> {
  const { child, lines } = await start(network, name, ['ask-echo.mjs', address, String(port)]);
  return {
    async ask() {
      child.stdin.write('question\n');
      return ((await once(lines, 'line')) as [string])[0];
    },
  };
}

async function start(network: LocalNetwork, name: string, [program = '', ...args]: readonly string[]) {
  const [enter = '', ...rest] = (await network.host(name)).enter;
  const child = spawn(enter, [...rest, process.execPath, fileURLToPath(new URL(`../testing/${program}`, import.meta.url)), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  return { child, lines: createInterface({ input: child.stdout }) };
}

async function makeNetwork(enter: readonly string[]) {
  const program = fileURLToPath(new URL('../testing/make-network.ts', import.meta.url));
  const [command = '', ...args] = [...enter, process.execPath, '--experimental-transform-types', '--conditions=@banyan/source', program];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, said: JSON.parse(line) as unknown };
}

async function namespacesOf(pid: number | undefined): Promise<readonly string[]> {
  const names = (await run('ip', ['netns', 'list'])).split('\n');
  return names.filter((name) => name.startsWith(`banyan-${pid}-`));
}
