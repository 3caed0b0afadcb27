// The ring is cut in halves for 30 s under a steady stream into two reliable groups, and healed.
import { setTimeout as pause } from 'node:timers/promises';
import { halves } from '@banyan/local-overlay';
import { expect, it as always } from 'vitest';
import { cannotCut, cutOverlay } from './testing/cut-network.ts';
import { eventually } from './testing/eventually.ts';
import { LiveLoad } from './testing/live-load.ts';
import { nameOf } from './testing/live-tree.ts';
import { SPOTLESS } from './testing/message-history.ts';

const NODES = 10;
const VOTERS = 5;
/** Messages that everybody has to get before the cut, and after it. */
const SOME = 300;
const CUT_MS = 30_000;
const it = always.skipIf(await cannotCut());
const scene = cutOverlay('split', { nodes: NODES });

it('tells publishers without a quorum so, loses nothing that was receipted, and is one tree afterwards', async () => {
  const names = scene.overlay.nodes.map((node) => node.name);
  const [minor = '', other = ''] = names;
  await using cutOff = await start('cut-off', minor);
  await using beside = await start('beside', other);
  await Promise.all([cutOff.goesOn(SOME), beside.goesOn(SOME)]);

  // The one half has three voters that are not the root, so the other, with root and publisher, has too few.
  const majority = (await electorate(cutOff)).filter(({ name, isRoot }) => !isRoot && name !== minor).slice(0, 3).map(({ name }) => name);
  const rest = names.filter((name) => !majority.includes(name) && name !== minor);
  const sides = [[minor, ...rest.slice(0, 4)], [...majority, ...rest.slice(4)]] as const;
  const besideHas = (await electorate(beside)).filter(({ name }) => sides[sides[0].includes(other) ? 0 : 1].includes(name)).length;

  const cuts = halves(...sides);
  const cutAt = performance.now();
  await scene.network.cut(cuts);
  await eventually('the publisher is told', () => cutOff.told.length > 0, CUT_MS);
  const toldAfterMs = performance.now() - cutAt;
  expect(cutOff.told[0]).toBe('NO_QUORUM');
  await pause(CUT_MS - toldAfterMs);
  expect([...new Set(beside.told)]).toEqual(besideHas > VOTERS / 2 ? [] : ['NO_QUORUM']);
  await scene.network.heal(cuts);
  await Promise.all([cutOff.goesOn(SOME), beside.goesOn(SOME)]);
  for (const load of [cutOff, beside]) await eventually('one tree', () => isOneTree(load));
  for (const load of [cutOff, beside]) {
    const { shared, verdicts } = await load.judge();
    expect({ shared, verdicts }).toEqual({ shared: 0, verdicts: names.map(() => SPOTLESS) });
  }
});

function start(name: string, publisher: string): Promise<LiveLoad> {
  const readers = scene.overlay.nodes.map((node) => node.name);
  return LiveLoad.start(scene.overlay, { name, publisher, pinned: true, readers, messagesPerSecond: 100, group: { fanOutMax: 3 } });
}

function electorate(load: LiveLoad): Promise<readonly { readonly name: string; readonly isRoot: boolean }[]> {
  return eventually('five voters', () => {
    const voters = load.tree.places.filter((place) => place.isVoter || place.role === 'root');
    return voters.length === VOTERS && voters.map((place) => ({ name: nameOf(scene.overlay, place), isRoot: place.role === 'root' }));
  });
}

/** One root, and everybody below it, in its epoch. */
function isOneTree({ tree }: LiveLoad): boolean {
  const { root, places } = tree;
  if (root === undefined || places.length !== NODES || places.some(({ epoch }) => epoch !== root.epoch)) return false;
  const below = new Set([root.node.id]);
  for (let before = 0; before < below.size; ) {
    before = below.size;
    for (const { node, parent } of places) if (parent !== undefined && below.has(parent)) below.add(node.id);
  }
  return below.size === NODES;
}
