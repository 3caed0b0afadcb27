import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OverlayError } from '@banyan/grpc';
import type { Io } from '../io.ts';

/** An overlay that runs elsewhere, as `banyan context add` was told of it. All paths are absolute. */
export interface Context {
  /** API addresses of nodes. */
  readonly addresses: readonly string[];
  readonly authorityFile: string;
  readonly treeBuilder?: string;
  /** Admin addresses of its services, for whoever may reach them. */
  readonly admins?: readonly string[];
  /** The token itself is never kept here. */
  readonly tokenFile?: string;
}

/** The contexts of a user, and the one in use; none in use: the local overlay is looked for. */
export interface Contexts {
  readonly current?: string;
  readonly contexts: Readonly<Record<string, Context>>;
}

/** The name that means no context: the local overlay that runs here. */
export const LOCAL = 'local';

const NONE: Contexts = { contexts: {} };
const OWNER_ONLY = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;

/** Where contexts are kept, by the XDG base directory specification; undefined without a home. */
export function contextFile(env: Io['env']): string | undefined {
  const home = env['HOME'] || undefined;
  const config = env['XDG_CONFIG_HOME'] || (home === undefined ? undefined : join(home, '.config'));
  return config === undefined ? undefined : join(config, 'banyan', 'contexts.json');
}

/** The contexts of this user; none when there is no file. Throws CONFIG_INVALID when it holds something else. */
export async function readContexts(env: Io['env']): Promise<Contexts> {
  const file = contextFile(env);
  if (file === undefined) return NONE;
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined;
    throw new OverlayError('FILE_NOT_FOUND', `the contexts cannot be read: ${cause.message}`, { file }, { cause });
  });
  if (text === undefined) return NONE;
  const contexts = parse(text);
  if (contexts === undefined) throw new OverlayError('CONFIG_INVALID', `${file} holds no contexts that this version can read; mend or remove it`, { file });
  return contexts;
}

/** Keeps the contexts, for the owner's eyes only: the file is the old or the new one, never half. */
export async function writeContexts(env: Io['env'], contexts: Contexts): Promise<void> {
  const file = contextFile(env);
  if (file === undefined) throw new OverlayError('FILE_UNWRITABLE', 'contexts have no place: neither XDG_CONFIG_HOME nor HOME is set');
  const next = `${file}.${process.pid}.new`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: OWNER_ONLY_DIRECTORY });
    await writeFile(next, `${JSON.stringify({ version: 1, ...contexts }, undefined, 2)}\n`, { mode: OWNER_ONLY });
    await chmod(next, OWNER_ONLY); // whatever the umask or an older file said
    await rename(next, file);
  } catch (cause) {
    throw new OverlayError('FILE_UNWRITABLE', `the contexts cannot be kept: ${(cause as Error).message}`, { file }, { cause });
  }
}

function parse(text: string): Contexts | undefined {
  try {
    const { version, current, contexts } = JSON.parse(text) as Partial<Contexts> & { readonly version?: unknown };
    if (version !== 1 || typeof contexts !== 'object' || !Object.values(contexts).every(isContext)) return undefined;
    return { contexts, ...(typeof current === 'string' ? { current } : {}) };
  } catch {
    return undefined;
  }
}

function isContext(value: unknown): value is Context {
  const { addresses, authorityFile } = (value ?? {}) as Partial<Context>;
  return Array.isArray(addresses) && addresses.length > 0 && addresses.every((address) => typeof address === 'string') && typeof authorityFile === 'string';
}
