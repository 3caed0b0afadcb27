// Network namespaces by Debian's `ip` (iproute2). Their names tell which process made them, so that whoever comes later can see
// which of them nobody needs any more.
import { spawn } from 'node:child_process';
import { OverlayError } from '@banyan/grpc';
import { identityOf, isAlive, type ProcessIdentity } from '../process-identity.ts';

const OWN_NAME = /^banyan-(\d+)-(\d+)-/;

/** Begins the names of all namespaces that this process makes. */
export function namespacePrefix(): string {
  const { pid, startTicks } = identityOf(process.pid);
  return `banyan-${pid}-${startTicks ?? 0}-`;
}

/** Runs a program to its end; what it said. Throws NAMESPACES_UNAVAILABLE with what it said when it fails. */
export async function run(program: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn(program, args, { stdio: 'pipe' });
  const [said, complained] = [child.stdout, child.stderr].map((stream) => {
    const parts: Buffer[] = [];
    stream.on('data', (part: Buffer) => parts.push(part));
    return parts;
  });
  const end = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(code === 0 ? undefined : textOf(complained) || `exit code ${String(code)}`));
  });
  child.stdin.on('error', () => undefined); // it ended before it read everything, and says why
  child.stdin.end(input);
  const failure = await end;
  if (failure === undefined) return textOf(said);
  const command = [program, ...args].join(' ');
  throw new OverlayError('NAMESPACES_UNAVAILABLE', `network namespaces need root, iproute2 and iptables; \`${command}\` failed: ${failure}`, { command });
}

/** Deletes a namespace with all links in it, and ends the processes in it first: a stopped one would keep it for ever. */
export async function deleteNamespace(name: string): Promise<void> {
  const pids = (await run('ip', ['netns', 'pids', name])).split('\n').filter((line) => line !== '');
  for (const pid of pids) end(Number(pid));
  await run('ip', ['netns', 'delete', name]);
}

/** Deletes the namespaces of processes that are gone. */
export async function deleteLeftovers(): Promise<void> {
  const names = (await run('ip', ['netns', 'list'])).split('\n').map((line) => line.split(' ')[0] ?? '');
  for (const name of names) {
    const owner = ownerOf(name);
    // Somebody else who starts now may be deleting it as well.
    if (owner !== undefined && !isAlive(owner)) await deleteNamespace(name).catch(() => undefined);
  }
}

function ownerOf(name: string): ProcessIdentity | undefined {
  const [, pid, startTicks] = OWN_NAME.exec(name) ?? [];
  return pid === undefined || startTicks === undefined ? undefined : { pid: Number(pid), startTicks };
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended in this moment.
  }
}

function textOf(parts: readonly Buffer[] | undefined): string {
  return Buffer.concat(parts ?? []).toString().trim();
}
