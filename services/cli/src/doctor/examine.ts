import { isAlive, type NodeEntry, type ServiceEntry } from '@banyan/local-overlay';
import { apiAddressOf, openClient, type OverlayAccess } from '../overlay-options.ts';
import { checkCertificates } from './certificates.ts';
import type { Finding } from './check.ts';
import { checkClock, checkDisk, checkNode } from './machine.ts';
import { checkNames } from './names.ts';
import { checkPorts, type Port } from './ports.ts';
import { checkProcesses } from './processes.ts';
import { checkRing, type AskedNode } from './ring.ts';
import { checkToken } from './token.ts';
import { checkVersions } from './versions.ts';

const ANSWER_TIMEOUT_MS = 2_000;

/** A service whose admin server can be asked. */
export interface AdminTarget {
  readonly name: string;
  readonly admin: string;
}

/** Everything there is to look at, in the order it is shown. */
export async function examine(access: OverlayAccess): Promise<readonly Finding[]> {
  const { local } = access;
  const running = runningEntries(access);
  const admins = adminTargets(access);
  const builder = access.treeBuilder === undefined ? [] : [{ name: 'tree-builder', address: access.treeBuilder }];
  const apis = local === undefined ? [...access.addresses.map((address) => ({ name: address, address })), ...builder] : running.map((entry) => ({ name: entry.name, address: entry.addresses['api'] ?? '' }));
  const ports = local === undefined ? remotePorts(access) : running.flatMap(portsOf);
  const groups = await Promise.all([
    [checkNode(process.versions.node)],
    local === undefined ? [] : checkDisk(local.dataDir).then((finding) => [finding]),
    local === undefined ? [] : checkProcesses(local),
    checkNames(ports.map(({ address }) => address)),
    checkPorts(ports),
    checkCertificates(access.authorityFile, apis),
    [checkToken(access.token)],
    checkRing(askedNodes(access)),
    admins.length === 0 ? [] : Promise.all([checkClock(admins.map(({ admin }) => admin)), checkVersions(admins)]),
  ]);
  return groups.flat();
}

/** Admin servers by the API address of their process, as they say it themselves; of those that answer. */
export async function adminsByApi(access: OverlayAccess): Promise<ReadonlyMap<string, string>> {
  const told = await Promise.all(adminTargets(access).map(async ({ admin }) => [await apiToldBy(admin), admin] as const));
  return new Map(told.flatMap(([api, admin]) => (api === undefined ? [] : [[api, admin]])));
}

async function apiToldBy(admin: string): Promise<string | undefined> {
  try {
    const page = await fetch(`http://${admin}/config`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    return ((await page.json()) as { readonly addresses?: { readonly api?: string } }).addresses?.api;
  } catch {
    return undefined;
  }
}

/** Whose admin server can be asked: the running processes of a local overlay, else who was told. */
export function adminTargets(access: OverlayAccess): readonly AdminTarget[] {
  if (access.local === undefined) return access.admins.map((admin) => ({ name: admin, admin }));
  return runningEntries(access).flatMap(({ name, addresses }) => (addresses['admin'] === undefined ? [] : [{ name, admin: addresses['admin'] }]));
}

/** The nodes to be asked; of a local overlay those that run. */
export function askedNodes(access: OverlayAccess): readonly AskedNode[] {
  return asAsked(access, access.local?.file.nodes.filter(isAlive));
}

/** Every node that there should be, whether it runs or not. */
export function expectedNodes(access: OverlayAccess): readonly AskedNode[] {
  return asAsked(access, access.local?.file.nodes);
}

function asAsked(access: OverlayAccess, entries: readonly NodeEntry[] | undefined): readonly AskedNode[] {
  const nodes = entries?.map((node) => ({ name: node.name, address: apiAddressOf(node) })) ?? access.addresses.map((address) => ({ name: address, address }));
  return nodes.map(({ name, address }) => ({ name, address, connect: () => openClient({ ...access, addresses: [address] }, 'only', true) }));
}

/** The processes of a local overlay that run: of the others it is said that they are gone, and that is enough. */
function runningEntries({ local }: OverlayAccess): readonly (ServiceEntry & { readonly name: string })[] {
  if (local === undefined) return [];
  return [...Object.entries(local.file.services).map(([name, entry]) => ({ ...entry, name })), ...local.file.nodes].filter(isAlive);
}

function remotePorts({ addresses, treeBuilder, admins }: OverlayAccess): readonly Port[] {
  return [
    ...addresses.map((address) => ({ what: `API port ${address}`, address, isForPeers: false })),
    ...(treeBuilder === undefined ? [] : [{ what: 'API port of the tree builder', address: treeBuilder, isForPeers: false }]),
    ...admins.map((address) => ({ what: `admin port ${address}`, address, isForPeers: false })),
  ];
}

/** The listeners in a ready line are `host:port`; pages are addresses of the web. */
function portsOf({ name, addresses }: ServiceEntry & { readonly name: string }): readonly Port[] {
  return Object.entries(addresses)
    .filter(([, address]) => !address.includes('://'))
    .map(([listener, address]) => ({ what: `${listener} port of ${name}`, address, isForPeers: false }));
}
