import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { arch, cpus, freemem, hostname, platform, release, totalmem, uptime } from 'node:os';
import { basename, resolve } from 'node:path';
import { createTarGzip, type TarFileItem } from 'nanotar';
import { OverlayError, parseStatus } from '@banyan/grpc';
import { overlayPaths } from '@banyan/local-overlay';
import type { Finding } from '../doctor/check.ts';
import { adminTargets, askedNodes } from '../doctor/examine.ts';
import { findingsText } from '../doctor/findings-text.ts';
import type { Io } from '../io.ts';
import { json } from '../output/json.ts';
import type { OverlayAccess } from '../overlay-options.ts';
import { redact } from './redact.ts';

/** What was packed. */
export interface Gathered {
  readonly file: string;
  readonly bytes: number;
  readonly files: number;
}

/** Of each log so many bytes at its end. */
const LOG_BYTES_MAX = 1024 * 1024;
/** States of so many nodes; a large overlay's would be hundreds of megabytes. */
const STATES_MAX = 32;
const ANSWER_TIMEOUT_MS = 3_000;
const PAGES = ['livez', 'readyz', 'startupz', 'config', 'metrics'] as const;
const OWNER_ONLY = 0o600;

const README = `What \`banyan doctor --gather\` found, packed to be sent to whoever helps.

findings.txt, findings.json   what the doctor said
machine.json                  the machine and the program that gathered this
overlay.json                  which processes run where (local overlays)
NAME/readyz … NAME/metrics    what each service says of itself: health, effective configuration, metrics
NAME/log.jsonl                the end of its log (local overlays)
NAME/state.json               the whole state of a node's protocols, where the token allows it

Removed, wherever they stood: private keys, tokens, passwords in addresses, and the value of whatever is named like one. No key,
certificate request, database or message of a group is in here. Ids, addresses and names of groups are.
`;

/** Packs everything that helps to understand an overlay into a tar.gz, with secrets removed. Throws FILE_UNWRITABLE. */
export async function gather(io: Io, access: OverlayAccess, findings: readonly Finding[], to: string | undefined): Promise<Gathered> {
  const startedAt = new Date();
  const name = `banyan-support-${startedAt.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}`;
  const file = resolve(io.cwd, to ?? `${name}.tar.gz`);
  const plain = { stdout: io.stderr, env: { NO_COLOR: '1' } };
  const texts = new Map([
    ['README.txt', README],
    ['findings.json', json(findings, 2)],
    ['findings.txt', `${findingsText(plain, findings)}\n`],
    ['machine.json', json(machine(io, startedAt), 2)],
    ...(await Promise.all([localFiles(access), servicePages(access), nodeStates(access)])).flat(),
  ]);
  const known = await secretsOf(access);
  const root = basename(file).replace(/(\.tar)?(\.gz|\.tgz)?$/, '') || name;
  const items: TarFileItem[] = [...texts].map(([path, text]) => ({ name: `${root}/${path}`, data: new TextEncoder().encode(redact(text, known)), attrs: { mode: '600', mtime: startedAt.getTime() } }));
  try {
    const packed = await createTarGzip(items);
    await writeFile(file, packed, { mode: OWNER_ONLY });
    return { file, bytes: packed.length, files: items.length };
  } catch (cause) {
    throw new OverlayError('FILE_UNWRITABLE', `cannot write ${file}: ${(cause as Error).message}`, { file }, { cause });
  }
}

function machine({ env }: Io, at: Date): unknown {
  const ours = Object.entries(env).filter(([name]) => name.startsWith('BANYAN_') || name === 'NODE_OPTIONS');
  return {
    at,
    host: hostname(),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.versions,
    processors: cpus().length,
    memoryBytes: { total: totalmem(), free: freemem() },
    upSeconds: uptime(),
    // Of secrets only that they are set: `redact` sees names such as BANYAN_TOKEN.
    environment: Object.fromEntries(ours),
  };
}

async function localFiles({ local }: OverlayAccess): Promise<readonly (readonly [string, string])[]> {
  if (local === undefined) return [];
  const paths = overlayPaths(local.dataDir);
  const names = [...Object.keys(local.file.services), ...local.file.nodes.map((node) => node.name)];
  const logs = await Promise.all(names.map(async (name) => [`${name}/log.jsonl`, await tail(paths.logOf(name))] as const));
  return [['overlay.json', json(local.file, 2)], ...logs];
}

async function servicePages(access: OverlayAccess): Promise<readonly (readonly [string, string])[]> {
  const asked = adminTargets(access).flatMap(({ name, admin }) => PAGES.map((page) => ({ path: `${folder(name)}/${page === 'metrics' ? 'metrics.txt' : `${page}.json`}`, url: `http://${admin}/${page}` })));
  return Promise.all(asked.map(async ({ path, url }) => [path, await fetchText(url)] as const));
}

async function nodeStates(access: OverlayAccess): Promise<readonly (readonly [string, string])[]> {
  return Promise.all(
    askedNodes(access).slice(0, STATES_MAX).map(async ({ name, connect }) => {
      const client = await connect();
      const state = await client.overlay.state({ deadlineMs: ANSWER_TIMEOUT_MS }).then(({ stateJson }) => stateJson, (error: unknown) => json({ failed: parseStatus(error).message }));
      client.close();
      return [`${folder(name)}/state.json`, state] as const;
    }),
  );
}

/** The secrets at hand: the token, and those that a local overlay keeps. */
async function secretsOf({ token, local }: OverlayAccess): Promise<readonly string[]> {
  const kept = local === undefined ? '{}' : await readFile(overlayPaths(local.dataDir).secretsFile, 'utf8').catch(() => '{}');
  const values = Object.values(JSON.parse(kept) as Record<string, unknown>).filter((value) => typeof value === 'string');
  return [...(token === undefined ? [] : [token]), ...values];
}

async function tail(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    const file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, LOG_BYTES_MAX)), 0, undefined, Math.max(0, size - LOG_BYTES_MAX)).finally(() => file.close());
    const text = buffer.toString('utf8', 0, bytesRead);
    return size > LOG_BYTES_MAX ? text.slice(text.indexOf('\n') + 1) : text; // from a whole line on
  } catch (error) {
    return `${json({ failed: String(error) })}\n`;
  }
}

async function fetchText(url: string): Promise<string> {
  try {
    return await (await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) })).text();
  } catch (error) {
    return `${json({ failed: error instanceof Error ? error.message : String(error) })}\n`;
  }
}

/** A service that is known by its address only: the colon is no good in file names everywhere. */
function folder(name: string): string {
  return name.replaceAll(/[^\w.-]/g, '_');
}
