import { parseStatus } from '@banyan/grpc';
import { checkCertificates } from '../doctor/certificates.ts';
import { expectedNodes } from '../doctor/examine.ts';
import { askRing, holesIn } from '../doctor/ring.ts';
import { tokenLeftMs } from '../doctor/token.ts';
import { bytesText, durationText } from '../output/quantities.ts';
import { apiAddressOf, openClient, type OverlayAccess } from '../overlay-options.ts';
import { atLeast, atMost, type CheckResult, type Limits } from './check-result.ts';
import { checkGroup } from './group.ts';

/** What can be checked, with the limits that hold when nobody says others. */
export const DEFAULT_LIMITS = {
  /** Nodes that do not answer or are not ready. */
  nodes: { warning: 1, critical: 2 },
  /** Nodes that do not see a ring neighbor. */
  ring: { warning: 1, critical: 1 },
  /** Days until the first certificate expires. */
  certificates: { warning: 7, critical: 1 },
  /** Minutes that the token at hand is good for. */
  token: { warning: 5, critical: 0 },
  /** Slow readers. */
  slow: { warning: 1, critical: 10 },
  /** Messages that the last member of a group is behind. */
  groups: { warning: 1_000, critical: 100_000 },
} as const satisfies Readonly<Record<string, Limits>>;

export type CheckName = keyof typeof DEFAULT_LIMITS;
export const CHECK_NAMES = Object.keys(DEFAULT_LIMITS) as readonly CheckName[];

/** What is to be checked, and how strictly. */
export interface CheckOrder {
  readonly names: readonly CheckName[];
  /** Groups whose coverage is looked at. */
  readonly groups: readonly string[];
  readonly limitsOf: (name: CheckName) => Limits;
}

/** Runs checks beside each other; what fails for a reason of its own is `unknown` with that reason. */
export function runChecks(access: OverlayAccess, order: CheckOrder): Promise<readonly CheckResult[]> {
  const ring = order.names.includes('nodes') || order.names.includes('ring') ? askRing(expectedNodes(access)) : Promise.resolve([]);
  const checks: Readonly<Record<CheckName, (limits: Limits) => Promise<readonly CheckResult[]>>> = {
    nodes: async (limits) => [nodes(await ring, limits)],
    ring: async (limits) => [closed(await ring, limits)],
    certificates: async (limits) => [await certificates(access, limits)],
    token: (limits) => Promise.resolve([token(access, limits)]),
    slow: async (limits) => [await slow(access, limits)],
    groups: (limits) => Promise.all(order.groups.map((group) => checkGroup(access, group, limits))),
  };
  return Promise.all(order.names.map((name) => checks[name](order.limitsOf(name)).catch((error: unknown) => [unknown(name, parseStatus(error).message)]))).then((results) => results.flat());
}

/** Nothing can be said about it. */
export function unknown(check: string, detail: string): CheckResult {
  return { check, status: 'unknown', detail, measured: [] };
}

type Ring = Awaited<ReturnType<typeof askRing>>;

function nodes(ring: Ring, limits: Limits): CheckResult {
  const silent = ring.filter(({ told }) => told instanceof Error).map(({ name }) => name);
  const joining = ring.filter(({ told }) => !(told instanceof Error) && !told.isReady).map(({ name }) => name);
  const missing = silent.length + joining.length;
  const parts = [...(silent.length === 0 ? [] : [`${silent.join(', ')} did not answer`]), ...(joining.length === 0 ? [] : [`${joining.join(', ')} not ready`])];
  const detail = `${ring.length - missing} of ${ring.length} nodes are ready${parts.length === 0 ? '' : ` (${parts.join('; ')})`}`;
  // Nobody left is critical however few there were.
  const status = missing === ring.length ? 'critical' : atMost(missing, limits);
  return { check: 'nodes', status, detail, measured: [{ name: 'ready', value: ring.length - missing }, { name: 'missing', value: missing, ...limits }] };
}

function closed(ring: Ring, limits: Limits): CheckResult {
  const present = ring.flatMap(({ name, told }) => (told instanceof Error ? [] : [{ name, told }]));
  if (present.length === 0) return unknown('ring', 'no node answers');
  const holes = holesIn(present);
  const detail = holes.length === 0 ? `the ring of ${present.filter(({ told }) => told.isReady).length} nodes is closed` : holes.join('; ');
  return { check: 'ring', status: atMost(holes.length, limits), detail, measured: [{ name: 'holes', value: holes.length, ...limits }] };
}

async function certificates(access: OverlayAccess, limits: Limits): Promise<CheckResult> {
  const asked = access.local === undefined ? access.addresses.map((address) => ({ name: address, address })) : access.local.file.nodes.map((node) => ({ name: node.name, address: apiAddressOf(node) }));
  const found = await checkCertificates(access.authorityFile, asked);
  const unseen = found.filter(({ daysLeft }) => daysLeft === undefined);
  const first = found.filter(({ daysLeft }) => daysLeft !== undefined).sort((a, b) => (a.daysLeft ?? 0) - (b.daysLeft ?? 0))[0];
  if (first?.daysLeft === undefined) return { check: 'certificates', status: 'critical', detail: unseen.map(({ what, detail }) => `${what}: ${detail}`).join('; '), measured: [] };
  const status = unseen.length > 0 ? 'critical' : atLeast(first.daysLeft, limits);
  const detail = unseen.length > 0 ? unseen.map((one) => `${one.what}: ${one.detail}`).join('; ') : `${first.what} is the first to expire, in ${first.daysLeft} days`;
  return { check: 'certificates', status, detail, measured: [{ name: 'days_left', value: first.daysLeft, ...limits }] };
}

function token({ token: text }: OverlayAccess, limits: Limits): CheckResult {
  const leftMs = text === undefined ? undefined : tokenLeftMs(text);
  if (leftMs === undefined) return { check: 'token', status: 'critical', detail: text === undefined ? 'there is no token' : 'the token is no JWT', measured: [] };
  const minutes = Math.floor(leftMs / 60_000);
  const detail = leftMs <= 0 ? 'the token has expired' : `the token is good for ${durationText(leftMs)}`;
  return { check: 'token', status: leftMs <= 0 ? 'critical' : atLeast(minutes, limits), detail, measured: [{ name: 'minutes_left', value: minutes, ...limits }] };
}

async function slow(access: OverlayAccess, limits: Limits): Promise<CheckResult> {
  const answers = await Promise.all(access.addresses.map((address) => slowAt(access, address)));
  const readers = answers.flatMap((answer) => answer ?? []);
  if (answers.every((answer) => answer === undefined)) return unknown('slow', 'no node answers');
  const bytes = readers.reduce((sum, { queueBytes }) => sum + Number(queueBytes), 0);
  const detail = readers.length === 0 ? 'nobody is slow' : `${readers.length} slow readers with ${bytesText(bytes)} waiting (banyan slow names them)`;
  return { check: 'slow', status: atMost(readers.length, limits), detail, measured: [{ name: 'readers', value: readers.length, ...limits }, { name: 'queue_bytes', value: bytes }] };
}

async function slowAt(access: OverlayAccess, address: string) {
  const client = await openClient({ ...access, addresses: [address] }, 'only', true);
  return client.slow().catch(() => undefined).finally(() => client.close());
}
