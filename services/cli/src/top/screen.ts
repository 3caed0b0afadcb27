import type { Io } from '../io.ts';
import { bytesText } from '../output/quantities.ts';
import { styleFor } from '../output/style.ts';
import { table } from '../output/table.ts';
import type { GroupLook, Look, NodeLook } from './look.ts';
import { ratePerS } from './metrics-text.ts';

/** What is shown of two looks: the later one, and how fast things went between them. */
export function screenText(io: Pick<Io, 'stdout' | 'env'>, before: Look | undefined, now: Look): string {
  const style = styleFor(io.stdout, io.env);
  const ready = now.nodes.filter(({ state }) => state === 'ready').length;
  const ms = before === undefined ? 0 : now.atMs - before.atMs;
  const delivered = now.nodes.map((node) => rateOf(before, node, 'banyan_multicast_messages_delivered_total', ms)).reduce<number | undefined>(added, undefined);
  const head = `${style.bold(`${ready} of ${now.nodes.length} nodes ready`)}, ${now.groups.length}${now.moreGroups ? '+' : ''} ${now.groups.length === 1 ? 'group' : 'groups'}${delivered === undefined ? '' : `, ${rateText(delivered)} messages/s delivered`}`;
  const groups = now.groupsFault !== undefined ? style.yellow(`groups: ${now.groupsFault}`) : now.groups.length === 0 ? style.dim('no groups') : groupTable(before, now, ms);
  return [head, '', nodeTable(io, before, now, ms), '', groups].join('\n');
}

function nodeTable(io: Pick<Io, 'stdout' | 'env'>, before: Look | undefined, now: Look, ms: number): string {
  const style = styleFor(io.stdout, io.env);
  const paint = (state: string): string => (state === 'ready' ? style.green(state) : state === 'joining' || state === 'leaving' ? style.yellow(state) : style.red(state));
  const rate = (node: NodeLook, name: string): number | undefined => rateOf(before, node, name, ms);
  const gauge = (node: NodeLook, name: string): string => String(node.samples?.get(name) ?? '-');
  return table(now.nodes, [
    { heading: 'NODE', text: (node) => node.name },
    { heading: 'STATE', text: (node) => paint(node.state) },
    { heading: 'LEAVES', text: (node) => String(node.leaves ?? '-'), isNumber: true },
    { heading: 'CPU', text: (node) => percentText(rate(node, 'process_cpu_seconds_total')), isNumber: true },
    { heading: 'MEMORY', text: (node) => bytesOrNone(node.samples?.get('process_resident_memory_bytes')), isNumber: true },
    { heading: 'LINKS', text: (node) => gauge(node, 'banyan_overlay_links'), isNumber: true },
    { heading: 'TREES', text: (node) => gauge(node, 'banyan_multicast_groups'), isNumber: true },
    { heading: 'CHILDREN', text: (node) => gauge(node, 'banyan_multicast_children'), isNumber: true },
    { heading: 'SUBS', text: (node) => gauge(node, 'banyan_multicast_subscriptions'), isNumber: true },
    { heading: 'SLOW', text: (node) => gauge(node, 'banyan_multicast_slow_readers'), isNumber: true },
    { heading: 'IN/s', text: (node) => rateText(rate(node, 'banyan_multicast_messages_published_total')), isNumber: true },
    { heading: 'OUT/s', text: (node) => rateText(rate(node, 'banyan_multicast_messages_delivered_total')), isNumber: true },
    { heading: 'FRAMES', text: (node) => bytesRateText(rate(node, 'banyan_multicast_frame_bytes_total')), isNumber: true },
  ]);
}

function groupTable(before: Look | undefined, now: Look, ms: number): string {
  const earlier = new Map(before?.groups.map((group) => [group.name, group]));
  return table(now.groups, [
    { heading: 'GROUP', text: (group) => group.name },
    { heading: 'DELIVERY', text: (group) => group.delivery },
    { heading: 'NODES', text: (group) => String(group.nodes), isNumber: true },
    { heading: 'SUBS', text: (group) => String(group.subscriptions), isNumber: true },
    { heading: 'COMMITTED', text: (group) => String(group.committed ?? '-'), isNumber: true },
    { heading: 'MESSAGES/s', text: (group) => rateText(committedRate(earlier.get(group.name), group, ms)), isNumber: true },
    { heading: 'LAST BEHIND', text: (group) => String(group.behind ?? '-'), isNumber: true },
    { heading: 'MISSING', text: (group) => String(group.missing ?? '-'), isNumber: true },
  ]);
}

function committedRate(before: GroupLook | undefined, { committed }: GroupLook, ms: number): number | undefined {
  if (before?.committed === undefined || committed === undefined || ms <= 0) return undefined;
  return Math.max(0, (Number(committed - before.committed) * 1_000) / ms);
}

function rateOf(before: Look | undefined, node: NodeLook, name: string, ms: number): number | undefined {
  return ratePerS(name, before?.nodes.find((other) => other.name === node.name)?.samples, node.samples, ms);
}

function added(sum: number | undefined, rate: number | undefined): number | undefined {
  return rate === undefined ? sum : (sum ?? 0) + rate;
}

function rateText(perS: number | undefined): string {
  if (perS === undefined) return '-';
  return perS === 0 || perS >= 10 ? String(Math.round(perS)) : perS.toFixed(1);
}

function percentText(coresPerS: number | undefined): string {
  return coresPerS === undefined ? '-' : `${Math.round(coresPerS * 100)}%`;
}

function bytesOrNone(bytes: number | undefined): string {
  return bytes === undefined ? '-' : bytesText(bytes);
}

function bytesRateText(perS: number | undefined): string {
  return perS === undefined ? '-' : `${bytesText(Math.round(perS))}/s`;
}
