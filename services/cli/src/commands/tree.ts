import { Command } from 'commander';
import type { Tree, TreePlace } from '@banyan/client';
import type { Io } from '../io.ts';
import { say } from '../io.ts';
import { json } from '../output/json.ts';
import { styleFor } from '../output/style.ts';
import { accessOverlay, nodeNamer, openClient, withOverlay, type OverlayOptions } from '../overlay-options.ts';

/** `banyan tree GROUP`: who passes a group's messages on to whom. */
export function treeCommand(io: Io): Command {
  return withOverlay(new Command('tree'))
    .description("show a group's tree as the nodes report it: root, voters, forwarders, subscriptions, how far each is")
    .argument('<group>')
    .option('--watch', 'show it again whenever it changes, until Ctrl-C')
    .option('--json', 'print JSON, one line a picture')
    .action(async (group: string, options: OverlayOptions & { readonly watch?: boolean; readonly json?: boolean }) => {
      const access = await accessOverlay(io, options);
      const client = await openClient(access, 'first', options.node !== undefined);
      io.signal.addEventListener('abort', () => client.close());
      try {
        for await (const tree of client.groups.watchTree(group)) {
          say(io, options.json === true ? json({ group: client.fullName(group), ...tree }) : treeText(io, client.fullName(group), tree, nodeNamer(access)));
          if (options.watch !== true) break;
        }
      } catch (error) {
        if (!io.signal.aborted) throw error;
      } finally {
        client.close();
      }
    });
}

function treeText(io: Io, group: string, tree: Tree, nameOf: (id: string) => string): string {
  if (tree.places.length === 0) return `${group}: no node has told its place yet; a tree grows when somebody subscribes or publishes`;
  const byId = new Map(tree.places.map((place) => [place.node.id as string, place]));
  const isTop = (place: TreePlace): boolean => place.parent === undefined || !byId.has(place.parent);
  const tops = tree.places.filter(isTop).sort((a, b) => Number(b.role === 'root') - Number(a.role === 'root'));
  const shown = new Set<string>();
  const lines = tops.flatMap((top) => branch(top, { io, byId, nameOf, shown, leading: '', mark: '' }));
  return [`${group}: ${tree.places.length} nodes, ${sum(tree.places)} subscriptions`, ...lines].join('\n');
}

interface Drawing {
  readonly io: Io;
  readonly byId: ReadonlyMap<string, TreePlace>;
  readonly nameOf: (id: string) => string;
  /** Reports are of different moments: a node may seem to be in two places, and is shown once. */
  readonly shown: Set<string>;
  readonly leading: string;
  readonly mark: string;
}

function branch(place: TreePlace, drawing: Drawing): readonly string[] {
  const { byId, shown, leading, mark } = drawing;
  shown.add(place.node.id);
  const children = [...byId.values()].filter((other) => other.parent === place.node.id && !shown.has(other.node.id));
  const below = mark === '' ? '' : mark === '├─ ' ? `${leading}│  ` : `${leading}   `;
  const lines = children.flatMap((child, at) => branch(child, { ...drawing, leading: below, mark: at === children.length - 1 ? '└─ ' : '├─ ' }));
  return [`${leading}${mark}${placeText(place, drawing)}`, ...lines];
}

function placeText(place: TreePlace, { io, byId, nameOf }: Drawing): string {
  const style = styleFor(io.stdout, io.env);
  const name = place.role === 'root' ? style.bold(nameOf(place.node.id)) : nameOf(place.node.id);
  const lost = place.parent !== undefined && !byId.has(place.parent) ? style.yellow(`below ${nameOf(place.parent)}, which tells nothing`) : undefined;
  const orphan = place.parent === undefined && place.role !== 'root' ? style.yellow('moving') : undefined;
  const facts = [
    place.role,
    place.isVoter ? 'voter' : undefined,
    place.subscriptions > 0 ? `${place.subscriptions} subscription${place.subscriptions === 1 ? '' : 's'}` : undefined,
    `at ${place.next - 1n}`,
    place.role === 'root' ? `committed ${place.committed}, retained from ${place.low}, epoch ${place.epoch}` : undefined,
    orphan ?? lost,
  ];
  return `${name}  ${style.dim(facts.filter((fact) => fact !== undefined).join(', '))}`;
}

function sum(places: readonly TreePlace[]): number {
  return places.reduce((total, place) => total + place.subscriptions, 0);
}
