import { Command, InvalidArgumentError, Option } from 'commander';
import type { Client, DeliveryName, Group, NewGroup } from '@banyan/client';
import type { Io } from '../io.ts';
import { say } from '../io.ts';
import { json } from '../output/json.ts';
import { bytesText, durationText, parseBytes } from '../output/quantities.ts';
import { table } from '../output/table.ts';
import { UsageError } from '../usage-error.ts';
import { accessOverlay, openClient, withOverlay, type OverlayOptions } from '../overlay-options.ts';

interface CreateOptions extends OverlayOptions {
  readonly delivery: DeliveryName;
  readonly retention?: number;
  readonly retentionSeconds?: number;
  readonly fanOut?: number;
  readonly window?: number;
  readonly maxWait?: number;
  readonly stripes?: number;
  readonly parity?: boolean;
  readonly publisher?: readonly string[];
  readonly subscriber?: readonly string[];
  readonly json?: boolean;
}

type ReadOptions = OverlayOptions & { readonly json?: boolean };

/** `banyan group create|list|describe|delete`. */
export function groupCommand(io: Io): Command {
  return new Command('group')
    .description('create, list, describe and delete groups')
    .addCommand(createCommand(io))
    .addCommand(listCommand(io))
    .addCommand(describeCommand(io))
    .addCommand(deleteCommand(io));
}

function createCommand(io: Io): Command {
  return withOverlay(new Command('create'))
    .description('create a group; a name without a slash becomes one of your own')
    .argument('<name>', 'owner/segment/…')
    .addOption(new Option('--delivery <promise>', 'what the group promises').choices(['best-effort', 'ordered', 'reliable']).default('reliable'))
    .option('--retention <bytes>', 'bytes kept at every node of the tree, e.g. 256M (default 64 MiB)', bytesArgument)
    .option('--retention-seconds <seconds>', 'how long they are kept (default 60)', countArgument)
    .option('--fan-out <children>', 'children of a node at most (default 8)', countArgument)
    .option('--window <bytes>', 'hold publishers once a subscriber that counts is so far behind; 0 for never (default 8 MiB if reliable)', windowArgument)
    .option('--max-wait <seconds>', 'hold them so long at most, then detach that subscriber (default 2)', secondsArgument)
    .option('--stripes <trees>', 'trees that share the payloads, 2 to 16 (default: one tree)', countArgument)
    .option('--parity', 'let the last of at least 3 stripes carry the parity of the others, so that one may fail to bring its part')
    .option('--publisher <subject...>', 'who may publish (default: anyone with the scope)')
    .option('--subscriber <subject...>', 'who may subscribe (default: anyone with the scope)')
    .option('--json', 'print JSON')
    .action(async (name: string, options: CreateOptions) => {
      const wanted = newGroup(options); // before anybody is asked
      await withClient(io, options, async (client) => {
        const group = await client.groups.create(name, wanted);
        say(io, options.json === true ? json(group, 2) : `created ${group.name} (${promiseText(group)})`);
      });
    });
}

function listCommand(io: Io): Command {
  return withOverlay(new Command('list'))
    .description('list groups by name')
    .argument('[prefix]', 'only names that begin so', '')
    .option('--json', 'print JSON')
    .action((prefix: string, options: ReadOptions) =>
      withClient(io, options, async (client) => {
        const groups: Group[] = [];
        for await (const group of client.groups.list(prefix)) groups.push(group);
        if (options.json === true) say(io, json(groups, 2));
        else say(io, groups.length === 0 ? 'no groups; create one with `banyan group create NAME`' : groupTable(groups));
      }),
    );
}

function describeCommand(io: Io): Command {
  return withOverlay(new Command('describe'))
    .description('tell everything about a group')
    .argument('<name>')
    .option('--json', 'print JSON')
    .action((name: string, options: ReadOptions) =>
      withClient(io, options, async (client) => {
        const { signed: _signature, ...group } = await client.groups.describe(name);
        say(io, options.json === true ? json(group, 2) : groupText(group));
      }),
    );
}

function deleteCommand(io: Io): Command {
  return withOverlay(new Command('delete'))
    .description('delete a group')
    .argument('<name>')
    .option('--json', 'print JSON')
    .action((name: string, options: ReadOptions) =>
      withClient(io, options, async (client) => {
        await client.groups.delete(name);
        const full = client.fullName(name);
        say(io, options.json === true ? json({ deleted: full }) : `deleted ${full}`);
      }),
    );
}

async function withClient(io: Io, options: OverlayOptions, use: (client: Client) => Promise<void>): Promise<void> {
  const client = await openClient(await accessOverlay(io, options), 'first', options.node !== undefined);
  try {
    await use(client);
  } finally {
    client.close();
  }
}

function newGroup(options: CreateOptions): NewGroup {
  const { delivery, retention, retentionSeconds, fanOut, stripes, parity, publisher, subscriber, window, maxWait } = options;
  if (maxWait !== undefined && window === undefined) throw new UsageError('--max-wait needs --window');
  if (parity === true && (stripes ?? 1) < 3) throw new UsageError('--parity needs --stripes of at least 3');
  return {
    delivery,
    ...(retention === undefined ? {} : { retentionBytes: BigInt(retention) }),
    ...(retentionSeconds === undefined ? {} : { retentionMs: BigInt(retentionSeconds) * 1_000n }),
    ...(fanOut === undefined ? {} : { fanOutMax: fanOut }),
    ...(window === undefined ? {} : { backpressure: { bytes: BigInt(window), maxWaitMs: BigInt(Math.round((maxWait ?? 0) * 1_000)) } }),
    ...(stripes === undefined ? {} : { stripes }),
    ...(parity === undefined ? {} : { parity }),
    ...(publisher === undefined ? {} : { publishers: publisher }),
    ...(subscriber === undefined ? {} : { subscribers: subscriber }),
  };
}

function groupTable(groups: readonly Group[]): string {
  return table(groups, [
    { heading: 'NAME', text: (group) => group.name },
    { heading: 'DELIVERY', text: (group) => group.delivery },
    { heading: 'RETENTION', text: (group) => bytesText(group.retentionBytes), isNumber: true },
    { heading: 'FOR', text: (group) => durationText(Number(group.retentionMs)), isNumber: true },
    { heading: 'FAN-OUT', text: (group) => String(group.fanOutMax), isNumber: true },
    { heading: 'STRIPES', text: (group) => (group.stripes === 1 ? '-' : `${group.stripes}${group.parity ? ' (1 parity)' : ''}`), isNumber: true },
    { heading: 'CREATED', text: (group) => new Date(group.createdAtMs).toISOString() },
  ]);
}

function groupText(group: Omit<Awaited<ReturnType<Client['groups']['describe']>>, 'signed'>): string {
  const facts: readonly (readonly [string, string])[] = [
    ['name', group.name],
    ['owner', group.owner],
    ['key', group.key],
    ['promise', promiseText(group)],
    ['waits', group.backpressure === undefined ? 'for nobody' : `for subscribers that count, from ${bytesText(group.backpressure.bytes)} on, ${durationText(Number(group.backpressure.maxWaitMs))} at most`],
    ['fan-out', `at most ${group.fanOutMax} children`],
    ...(group.stripes === 1 ? [] : [['stripes', group.parity ? `${group.stripes - 1} trees share the payloads, one carries their parity` : `${group.stripes} trees share the payloads`] as const]),
    ['publishers', group.publishers.join(', ')],
    ['subscribers', group.subscribers.join(', ')],
    ['tree', `${group.nodes} nodes, ${group.subscriptions} subscriptions`],
    ['created', `${new Date(group.createdAtMs).toISOString()}, version ${group.version}`],
  ];
  return facts.map(([name, value]) => `${name.padEnd(12)}${value}`).join('\n');
}

function promiseText(group: Group): string {
  return `${group.delivery}, keeps ${bytesText(group.retentionBytes)} for ${durationText(Number(group.retentionMs))}`;
}

function bytesArgument(text: string): number {
  const bytes = parseBytes(text);
  if (bytes === undefined) throw new InvalidArgumentError('Give bytes, e.g. 500000, 64K or 256M.');
  return bytes;
}

function windowArgument(text: string): number {
  return text === '0' ? 0 : bytesArgument(text);
}

function secondsArgument(text: string): number {
  const seconds = /^\d{1,2}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (seconds <= 0 || seconds > 60) throw new InvalidArgumentError('Give seconds above 0, 60 at most.');
  return seconds;
}

function countArgument(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Give a whole number above 0.');
  return Number(text);
}
