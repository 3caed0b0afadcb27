import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { connect, type Client } from '@banyan/client';
import { OverlayError } from '@banyan/grpc';
import { findOverlay, type FoundOverlay, type NodeEntry } from '@banyan/local-overlay';
import { LOCAL, readContexts, type Context } from './contexts/context-file.ts';
import { readTokenFile } from './contexts/token-file.ts';
import type { Io } from './io.ts';
import { UsageError } from './usage-error.ts';

/** Options of every command that talks to an overlay. */
export interface OverlayOptions {
  readonly context?: string;
  readonly dataDir?: string;
  readonly node?: string;
  readonly address?: readonly string[];
  readonly authority?: string;
  readonly treeBuilder?: string;
  /** Only of commands that look at the services themselves (`withAdmins`). */
  readonly admin?: readonly string[];
}

/** An overlay as a command sees it. */
export interface OverlayAccess {
  /** API addresses of nodes; the one asked for first. */
  readonly addresses: readonly string[];
  readonly authorityFile: string;
  readonly token: string | undefined;
  readonly treeBuilder: string | undefined;
  /** The local overlay, when it is one. */
  readonly local: FoundOverlay | undefined;
  /** Admin addresses of the services of an overlay that is not local, as far as somebody told them. */
  readonly admins: readonly string[];
}

/** Adds the options that say which overlay, and which of its nodes. */
export function withOverlay(command: Command): Command {
  return command
    .addOption(new Option('--context <name>', 'an overlay kept by `banyan context add`').env('BANYAN_CONTEXT'))
    .option('--data-dir <directory>', 'data directory of the local overlay (default: BANYAN_DATA_DIR, else .banyan here or above)')
    .option('--node <name|address>', 'the node to talk to')
    .addOption(new Option('--address <host:port...>', 'API addresses of nodes of another overlay').env('BANYAN_ADDRESSES'))
    .addOption(new Option('--authority <file>', "certificate of that overlay's authority, PEM").env('BANYAN_AUTHORITY_FILE'))
    .addOption(new Option('--tree-builder <host:port>', "API address of that overlay's tree builder").env('BANYAN_TREE_BUILDER'));
}

/** Adds where the services of an overlay that is not local answer their operator. */
export function withAdmins(command: Command): Command {
  return command.addOption(new Option('--admin <host:port...>', 'admin addresses of the services of another overlay').env('BANYAN_ADMIN_ADDRESSES'));
}

/**
 * Finds the overlay that the options mean: the addresses given, else the context named, else the data directory named, else
 * the context in use, else the local overlay that runs here. Throws OVERLAY_NOT_FOUND, NODE_NOT_FOUND.
 */
export async function accessOverlay(io: Io, options: OverlayOptions): Promise<OverlayAccess> {
  const addresses = listed(options.address);
  if (addresses.length > 0 && options.context !== undefined) throw new UsageError('give --address or --context (BANYAN_ADDRESSES or BANYAN_CONTEXT), not both');
  if (addresses.length > 0) return remoteAccess(io, options, addresses);
  const context = await contextOf(io, options);
  return context === undefined ? localAccess(io, options) : contextAccess(io, options, context);
}

/**
 * How a command uses the nodes: `only` the chosen one, since the answer is about that node; `first` the chosen one, then
 * the others in order; `any`: as first, and when none is chosen begin anywhere, so that many users spread over the nodes.
 */
export type NodeUse = 'only' | 'first' | 'any';

/** A client of the overlay. */
export async function openClient(access: OverlayAccess, use: NodeUse, isNodeChosen: boolean): Promise<Client> {
  const { authorityFile, token, treeBuilder } = access;
  return connect({
    addresses: inOrder(access.addresses, use, isNodeChosen),
    authorityFile,
    ...(token === undefined ? {} : { token }),
    ...(treeBuilder === undefined ? {} : { treeBuilder }),
  });
}

/** What people call a node: its name in the local overlay, else the first digits of its id. */
export function nodeNamer(access: OverlayAccess): (id: string) => string {
  const names = new Map(access.local?.file.nodes.map((node) => [node.id, node.name]));
  return (id) => names.get(id) ?? id.slice(0, 8);
}

/** The address of a node's API. */
export function apiAddressOf(node: NodeEntry): string {
  return node.addresses['api'] ?? '';
}

function inOrder(addresses: readonly string[], use: NodeUse, isNodeChosen: boolean): readonly string[] {
  if (isNodeChosen) return use === 'only' ? addresses.slice(0, 1) : addresses;
  const turn = use === 'any' ? Math.floor(Math.random() * addresses.length) : 0;
  return [...addresses.slice(turn), ...addresses.slice(0, turn)];
}

async function contextOf(io: Io, options: OverlayOptions): Promise<Context | undefined> {
  const isElsewhere = options.dataDir !== undefined || (io.env['BANYAN_DATA_DIR'] ?? '') !== '';
  if (options.context === undefined && isElsewhere) return undefined;
  const { current, contexts } = await readContexts(io.env);
  const name = options.context ?? current ?? LOCAL;
  if (name === LOCAL) return undefined;
  const context = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (context !== undefined) return context;
  throw new UsageError(`there is no context '${name}'; kept are ${Object.keys(contexts).join(', ') || 'none'} (\`banyan context add\`)`);
}

async function contextAccess(io: Io, options: OverlayOptions, context: Context): Promise<OverlayAccess> {
  const { addresses, authorityFile, tokenFile } = context;
  const admins = listed(options.admin);
  return {
    addresses: options.node === undefined ? addresses : [options.node, ...addresses.filter((address) => address !== options.node)],
    authorityFile: options.authority === undefined ? authorityFile : resolve(io.cwd, options.authority),
    token: io.env['BANYAN_TOKEN'] ?? (tokenFile === undefined ? undefined : await readTokenFile(tokenFile)),
    treeBuilder: options.treeBuilder ?? context.treeBuilder,
    local: undefined,
    admins: admins.length > 0 ? admins : (context.admins ?? []),
  };
}

function listed(texts: readonly string[] | undefined): readonly string[] {
  return texts?.flatMap((text) => text.split(',')).filter((text) => text !== '') ?? [];
}

async function localAccess(io: Io, options: OverlayOptions): Promise<OverlayAccess> {
  const local = await findOverlay({ dataDir: options.dataDir, env: io.env, cwd: io.cwd });
  const { authorityFile, nodes, services } = local.file;
  return {
    addresses: chosenFirst(nodes, options.node),
    authorityFile,
    token: io.env['BANYAN_TOKEN'] ?? local.token,
    treeBuilder: options.treeBuilder ?? services['tree-builder']?.addresses['api'],
    local,
    admins: [],
  };
}

function remoteAccess(io: Io, options: OverlayOptions, addresses: readonly string[]): OverlayAccess {
  if (options.authority === undefined) throw new UsageError('--address needs --authority FILE, the certificate of that overlay');
  const ordered = options.node === undefined ? addresses : [options.node, ...addresses];
  return { addresses: ordered, authorityFile: resolve(io.cwd, options.authority), token: io.env['BANYAN_TOKEN'], treeBuilder: options.treeBuilder, local: undefined, admins: listed(options.admin) };
}

function chosenFirst(nodes: readonly NodeEntry[], chosen: string | undefined): readonly string[] {
  const all = nodes.map(apiAddressOf);
  if (chosen === undefined) return all;
  const named = nodes.find((node) => node.name === chosen || node.id === chosen.toLowerCase());
  const address = named === undefined ? chosen : apiAddressOf(named);
  if (!address.includes(':')) {
    const known = nodes.map((node) => node.name).join(', ');
    throw new OverlayError('NODE_NOT_FOUND', `no node is called '${chosen}'; there are ${known || 'none'}`, { node: chosen });
  }
  return [address, ...all.filter((other) => other !== address)];
}
