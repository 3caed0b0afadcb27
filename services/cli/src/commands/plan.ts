import { Command, InvalidArgumentError } from 'commander';
import type { Plan, TreeFigures, WhatIf } from '@banyan/client';
import type { Io } from '../io.ts';
import { say } from '../io.ts';
import { json } from '../output/json.ts';
import { durationText } from '../output/quantities.ts';
import { table } from '../output/table.ts';
import { accessOverlay, nodeNamer, openClient, withOverlay, type OverlayOptions } from '../overlay-options.ts';
import { UsageError } from '../usage-error.ts';

interface PlanOptions extends OverlayOptions {
  readonly loseZone?: string;
  readonly loseRegion?: string;
  readonly double?: boolean;
  readonly bestRoot?: boolean;
  readonly fanOut?: number;
  readonly seed?: number;
  readonly json?: boolean;
}

/** `banyan plan GROUP`: what would become of a group's tree. */
export function planCommand(io: Io): Command {
  return withOverlay(new Command('plan'))
    .description("tell what would become of a group's tree: the present one is put up in virtual time and what is asked is let happen; nothing is changed")
    .argument('<group>')
    .option('--lose-zone <zone>', 'every node with this zone label dies at once')
    .option('--lose-region <region>', 'every node with this region label dies at once')
    .option('--double', 'as many subscribers again, each where one is now')
    .option('--fan-out <children>', 'the tree built anew with so many children a node at most, 1 to 64', wholeArgument)
    .option('--best-root', 'the tree built anew under the root nearest to its publishers, with voters near it in distinct zones; names them')
    .option('--seed <n>', 'another course of chance', wholeArgument)
    .option('--json', 'print JSON')
    .action(async (group: string, options: PlanOptions) => {
      const whatIf = whatIfOf(options);
      const access = await accessOverlay(io, options);
      const client = await openClient(access, 'first', options.node !== undefined);
      try {
        const plan = await client.groups.plan(group, whatIf, options.seed === undefined ? {} : { seed: options.seed });
        say(io, options.json === true ? json({ group: client.fullName(group), whatIf, ...plan }, 2) : planText(whatIf, plan, nodeNamer(access)));
      } finally {
        client.close();
      }
    });
}

function whatIfOf({ loseZone, loseRegion, double, fanOut, bestRoot }: PlanOptions): WhatIf {
  const asked: WhatIf[] = [];
  if (loseZone !== undefined) asked.push({ type: 'loseZone', zone: loseZone });
  if (loseRegion !== undefined) asked.push({ type: 'loseRegion', region: loseRegion });
  if (double === true) asked.push({ type: 'double' });
  if (fanOut !== undefined) asked.push({ type: 'fanOut', children: fanOut });
  if (bestRoot === true) asked.push({ type: 'bestRoot' });
  const [only] = asked;
  if (only === undefined || asked.length > 1) throw new UsageError('give one of --lose-zone, --lose-region, --double, --fan-out and --best-root');
  return only;
}

function planText(whatIf: WhatIf, plan: Plan, nameOf: (id: string) => string): string {
  const column = (figures: TreeFigures): readonly string[] => [
    String(figures.nodes),
    String(figures.orphans),
    figures.root === undefined ? 'none' : nameOf(figures.root),
    String(figures.depthMax),
    durationText(figures.wayMsMean),
    durationText(figures.wayMsMax),
    String(figures.childrenMax),
    durationText(figures.publisherMsMean),
  ];
  const [before, after] = [column(plan.before), column(plan.after)];
  const rows = ['nodes', 'without a parent', 'root', 'hops to the farthest', 'way from the root, mean', 'way from the root, longest', 'most children', 'publishers to the root and back'].map((what, i) => ({ what, before: before[i] ?? '', after: after[i] ?? '' }));
  const figures = table(rows, [
    { heading: 'TREE', text: (row) => row.what },
    { heading: 'NOW', text: (row) => row.before, isNumber: true },
    { heading: 'THEN', text: (row) => row.after, isNumber: true },
  ]);
  const said = whatIf.type === 'bestRoot' ? advice(plan, nameOf) : verdict(whatIf, plan);
  return said === '' ? figures : `${figures}\n\n${said}`;
}

function verdict(whatIf: WhatIf, plan: Plan): string {
  const { lost, lostVoters, reachedAfterMs, unreached, messagesLost, hasNoQuorum } = plan;
  if (lost > 0 && plan.after.nodes === 0) return `${count(lost, 'node')} would die, and nobody would be left in the tree`;
  const died = lost === 0 ? [] : [`${count(lost, 'node')} would die, ${count(lostVoters, 'voter')} among them`];
  const quorum = hasNoQuorum ? ['too few voters would live: publishing would wait with NO_QUORUM until some are back'] : [];
  const all = whatIf.type === 'double' ? 'every subscriber, old and new,' : 'every subscriber who lives';
  const reach = reachedAfterMs === undefined ? `${count(unreached, 'node')} with subscribers would have nothing new for a minute` : `${all} would have what is new after ${durationText(reachedAfterMs)}`;
  const losses = hasNoQuorum ? [] : [messagesLost === 0 ? 'no message would be lost' : `up to ${count(messagesLost, 'message')} would be told as a gap`];
  return [...died, ...quorum, whatIf.type === 'fanOut' && reachedAfterMs !== undefined ? '' : reach, ...(whatIf.type === 'fanOut' ? [] : losses)].filter((line) => line !== '').join('\n');
}

function advice({ before, electorate }: Plan, nameOf: (id: string) => string): string {
  const [root, ...voters] = electorate;
  if (root === undefined) return '';
  const beside = voters.length === 0 ? '' : `, with the voters ${voters.map(nameOf).join(', ')}`;
  return root === before.root ? `the root stands well${beside}` : `the best root would be ${nameOf(root)}${beside}`;
}

function count(amount: number, what: string): string {
  return `${amount} ${what}${amount === 1 ? '' : 's'}`;
}

function wholeArgument(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Give a whole number above 0.');
  return Number(text);
}
