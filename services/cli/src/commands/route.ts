import { Command } from 'commander';
import type { TracedHop, TracedRoute } from '@banyan/client';
import type { Io } from '../io.ts';
import { say } from '../io.ts';
import { json } from '../output/json.ts';
import { durationText } from '../output/quantities.ts';
import { styleFor } from '../output/style.ts';
import { table } from '../output/table.ts';
import { accessOverlay, nodeNamer, openClient, withOverlay, type OverlayOptions } from '../overlay-options.ts';
import { UsageError } from '../usage-error.ts';

interface RouteOptions extends OverlayOptions {
  readonly dryRun?: boolean;
  readonly application?: string;
  readonly payload?: string;
  readonly json?: boolean;
}

/** `banyan route KEY`: which way a message takes, hop by hop, and what it would cost to go straight. */
export function routeCommand(io: Io): Command {
  return withOverlay(new Command('route'))
    .description('route to a key and tell every hop: the rule that chose it, its round-trip time, and overlay against direct')
    .argument('<key>', '32 hex digits, or a name that is hashed to a key')
    .option('--dry-run', 'deliver nothing, even with --application')
    .option('--application <name>', 'attached application that gets the payload at the root')
    .option('--payload <text>', 'what it gets', '')
    .option('--json', 'print JSON')
    .action(async (key: string, options: RouteOptions) => {
      if (key === '' || key.length > 256) throw new UsageError('a key is 32 hex digits or a name of 1 to 256 characters');
      const access = await accessOverlay(io, options);
      const client = await openClient(access, 'only', options.node !== undefined);
      try {
        const isDelivered = options.application !== undefined && options.dryRun !== true;
        const route = isDelivered
          ? await client.overlay.traceDelivery(key, options.application, Buffer.from(options.payload ?? ''))
          : await client.overlay.trace(key);
        const told = { ...route, overlayRoundTripMs: overlayRoundTripMs(route.hops), delivered: isDelivered };
        say(io, options.json === true ? json(told, 2) : routeText(io, route, nodeNamer(access)));
      } finally {
        client.close();
      }
    });
}

function routeText(io: Io, route: TracedRoute, nameOf: (id: string) => string): string {
  const style = styleFor(io.stdout, io.env);
  const head = [`key   ${route.key}`, `root  ${route.root.id}  ${style.bold(nameOf(route.root.id))}`];
  if (route.hops.length === 0) return [...head, 'no hop: the asked node is the root'].join('\n');
  const rows = route.hops.map((hop, at) => ({ hop, at }));
  const hops = table(rows, [
    { heading: 'HOP', text: ({ at }) => String(at + 1), isNumber: true },
    { heading: 'FROM', text: ({ hop }) => nameOf(hop.at) },
    { heading: 'TO', text: ({ hop }) => nameOf(hop.to) },
    { heading: 'RULE', text: ({ hop }) => ruleText(hop) },
    { heading: 'RTT', text: ({ hop }) => durationText(hop.roundTripMs), isNumber: true },
    { heading: 'WAIT', text: ({ hop }) => durationText(hop.waitMs), isNumber: true },
  ]);
  return [...head, '', hops, '', costText(route)].join('\n');
}

function costText(route: TracedRoute): string {
  const overlay = overlayRoundTripMs(route.hops);
  const direct = route.directRoundTripMs;
  const stretch = overlay === undefined || direct === undefined || direct === 0 ? '' : `, stretch ${(overlay / direct).toFixed(2)}`;
  const count = `${route.hops.length} hop${route.hops.length === 1 ? '' : 's'}`;
  return `overlay ${durationText(overlay)} (${count}), direct ${durationText(direct)}${stretch}; answered in ${durationText(route.elapsedMs)}`;
}

/** The round-trip time of the whole way; undefined while one of its links was never measured. */
function overlayRoundTripMs(hops: readonly TracedHop[]): number | undefined {
  return hops.reduce<number | undefined>((sum, { roundTripMs }) => (sum === undefined || roundTripMs === undefined ? undefined : sum + roundTripMs), 0);
}

function ruleText(hop: TracedHop): string {
  switch (hop.rule) {
    case 'leafSet':
      return 'leaf set';
    case 'routingTable':
      return hop.row === undefined ? 'routing table' : `routing table, row ${hop.row} column ${hop.column ?? '?'}`;
    case 'rareCase':
      return 'rare case';
    case 'application':
      return 'application';
    case 'unknown':
      return 'not told';
  }
}
