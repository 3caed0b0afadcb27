import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { OverlayError } from '@banyan/grpc';
import { contextFile, LOCAL, readContexts, writeContexts, type Context } from '../contexts/context-file.ts';
import { readTokenFile } from '../contexts/token-file.ts';
import type { Io } from '../io.ts';
import { note, say } from '../io.ts';
import { json } from '../output/json.ts';
import { table } from '../output/table.ts';
import { UsageError } from '../usage-error.ts';

interface AddOptions {
  readonly address: readonly string[];
  readonly authority: string;
  readonly treeBuilder?: string;
  readonly admin?: readonly string[];
  readonly tokenFile?: string;
  readonly replace?: boolean;
}

const NAME = /^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/;
const HOST_PORT = /^(\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5}$/;

/** `banyan context add|use|list|remove`: overlays by name, so that their addresses are typed once. */
export function contextCommand(io: Io): Command {
  return new Command('context')
    .description('keep addresses, authority and token file of overlays under names, and choose the one that commands talk to')
    .addCommand(addCommand(io))
    .addCommand(useCommand(io))
    .addCommand(listCommand(io))
    .addCommand(removeCommand(io));
}

function addCommand(io: Io): Command {
  return new Command('add')
    .description('keep an overlay under a name; the first one kept is used from then on')
    .argument('<name>', 'of a-z, 0-9 and hyphens')
    .requiredOption('--address <host:port...>', 'API addresses of its nodes')
    .requiredOption('--authority <file>', "certificate of the overlay's authority, PEM")
    .option('--tree-builder <host:port>', 'API address of its tree builder')
    .option('--admin <host:port...>', 'admin addresses of its services, for `doctor`, `check` and `top`')
    .option('--token-file <file>', 'where your token is; only you may read that file. It is read at every command, never copied')
    .option('--replace', 'put it in the place of one that has this name')
    .action(async (name: string, options: AddOptions) => {
      if (!NAME.test(name) || name === LOCAL) throw new UsageError(`'${name}' cannot be the name of a context: take 1 to 64 of a-z, 0-9 and hyphens, and not '${LOCAL}'`);
      const kept = await readContexts(io.env);
      if (kept.contexts[name] !== undefined && options.replace !== true) throw new UsageError(`there is a context '${name}' already; --replace puts this one in its place`);
      const context = await contextOf(io, options);
      const current = kept.current ?? name;
      await writeContexts(io.env, { current, contexts: { ...kept.contexts, [name]: context } });
      note(io, current === name ? `commands talk to '${name}' from now on` : `kept; \`banyan context use ${name}\` makes commands talk to it ('${current}' is in use)`);
    });
}

function useCommand(io: Io): Command {
  return new Command('use')
    .description(`choose the context that commands talk to; '${LOCAL}' is the overlay that runs on this machine`)
    .argument('<name>')
    .action(async (name: string) => {
      const { contexts } = await readContexts(io.env);
      if (name !== LOCAL) assertKnown(contexts, name);
      await writeContexts(io.env, { current: name, contexts });
      note(io, `commands talk to ${name === LOCAL ? 'the overlay of this machine' : `'${name}'`} from now on`);
    });
}

function listCommand(io: Io): Command {
  return new Command('list')
    .description('list the contexts; the one in use has a star')
    .option('--json', 'print JSON')
    .option('--names', 'print the names only')
    .action(async (options: { readonly json?: boolean; readonly names?: boolean }) => {
      const { current, contexts } = await readContexts(io.env);
      const rows = Object.entries(contexts).map(([name, context]) => ({ name, isCurrent: name === current, ...context }));
      if (options.names === true) return rows.forEach(({ name }) => say(io, name));
      if (options.json === true) return say(io, json(rows, 2));
      if (rows.length === 0) return note(io, `no contexts are kept in ${contextFile(io.env) ?? 'XDG_CONFIG_HOME'}; commands look for a local overlay`);
      say(io, table(rows, [
        { heading: '', text: (row) => (row.isCurrent ? '*' : '') },
        { heading: 'NAME', text: (row) => row.name },
        { heading: 'ADDRESSES', text: (row) => row.addresses.join(',') },
        { heading: 'TREE BUILDER', text: (row) => row.treeBuilder ?? '-' },
        { heading: 'TOKEN FILE', text: (row) => row.tokenFile ?? '-' },
      ]));
    });
}

function removeCommand(io: Io): Command {
  return new Command('remove')
    .description('forget a context; its files stay where they are')
    .argument('<name>')
    .action(async (name: string) => {
      const { current, contexts } = await readContexts(io.env);
      assertKnown(contexts, name);
      const { [name]: _, ...others } = contexts;
      await writeContexts(io.env, { contexts: others, ...(current === undefined || current === name ? {} : { current }) });
      note(io, current === name ? `removed '${name}', which was in use; commands look for a local overlay now` : `removed '${name}'`);
    });
}

/** Checked while whoever types it looks on, not at the first command that needs it. */
async function contextOf(io: Io, options: AddOptions): Promise<Context> {
  const at = (file: string): string => resolve(io.cwd, file);
  const addresses = split(options.address);
  const admins = split(options.admin ?? []);
  for (const address of [...addresses, ...admins, ...(options.treeBuilder === undefined ? [] : [options.treeBuilder])]) {
    if (!HOST_PORT.test(address)) throw new UsageError(`'${address}' is no HOST:PORT`);
  }
  const authorityFile = at(options.authority);
  await access(authorityFile).catch((cause: Error) => {
    throw new OverlayError('FILE_NOT_FOUND', `the certificate cannot be read: ${cause.message}`, { file: authorityFile }, { cause });
  });
  if (options.tokenFile !== undefined) await readTokenFile(at(options.tokenFile));
  return {
    addresses,
    authorityFile,
    ...(options.treeBuilder === undefined ? {} : { treeBuilder: options.treeBuilder }),
    ...(admins.length === 0 ? {} : { admins }),
    ...(options.tokenFile === undefined ? {} : { tokenFile: at(options.tokenFile) }),
  };
}

function split(texts: readonly string[]): readonly string[] {
  return texts.flatMap((text) => text.split(',')).filter((text) => text !== '');
}

function assertKnown(contexts: Readonly<Record<string, Context>>, name: string): void {
  if (Object.hasOwn(contexts, name)) return;
  throw new UsageError(`there is no context '${name}'; kept are ${Object.keys(contexts).join(', ') || 'none'}`);
}
