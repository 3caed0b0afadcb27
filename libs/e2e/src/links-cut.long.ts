// Links that swallow what is sent on them, under a steady stream into a reliable group: nobody is told, connections stay open.
import { bothWays, type Cut } from '@banyan/local-overlay';
import { afterEach, expect, it as always } from 'vitest';
import { cannotCut, cutOverlay } from './testing/cut-network.ts';
import { LiveLoad } from './testing/live-load.ts';
import { forwarderOf, forwarderEdgeOf, voterEdgeOf } from './testing/live-tree.ts';
import { SPOTLESS } from './testing/message-history.ts';

const NODES = 10;
const MESSAGES_PER_SECOND = 200;
/** Messages that everybody has to get before the next thing happens, and at the end. */
const SOME = 300;
const it = always.skipIf(await cannotCut());
const scene = cutOverlay('links', { nodes: NODES });
afterEach(() => scene.network.heal());

const EDGES = [
  { between: 'a forwarder and its child', edgeOf: forwarderEdgeOf },
  { between: 'the root and a voter', edgeOf: voterEdgeOf },
] as const;

it.each(EDGES)('loses, doubles and reorders nothing while the data link between $between swallows everything', async ({ between, edgeOf }) => {
  await using load = await start(`data-${EDGES.findIndex((edge) => edge.between === between)}`);
  const edge = await edgeOf(scene.overlay, load.tree);
  await cut(load, bothWays(edge.parent, edge.child, dataPortOf(edge.parent)));
  await expectSpotless(load);
});

it.each(EDGES)('loses, doubles and reorders nothing while $between hear each other one way only', async ({ between, edgeOf }) => {
  await using load = await start(`one-way-${EDGES.findIndex((edge) => edge.between === between)}`);
  const down = await edgeOf(scene.overlay, load.tree);
  await cut(load, [{ from: down.parent, to: down.child }]);
  const up = await edgeOf(scene.overlay, load.tree);
  await cut(load, [{ from: up.child, to: up.parent }]);
  await expectSpotless(load);
});

it('takes a new node on the addresses of a dead one for somebody else', async () => {
  await using load = await start('replaced');
  const dead = await forwarderOf(scene.overlay, load.tree);
  const before = scene.overlay.nodes.find(({ name }) => name === dead);
  await scene.overlay.kill(dead, 'SIGKILL');
  const after = await scene.overlay.addNode({ inPlaceOf: dead });
  expect(after.addresses).toEqual(before?.addresses);
  expect(after.id).not.toBe(before?.id);
  await load.goesOn(SOME);
  const client = await scene.overlay.connect({ addresses: [after.addresses['api'] ?? ''] });
  try {
    const subscription = await client.subscribe('replaced');
    for await (const event of subscription) if (event.type === 'messages') break;
  } finally {
    client.close();
  }
  await expectSpotless(load);
});

function start(name: string): Promise<LiveLoad> {
  const [publisher = '', ...readers] = scene.overlay.nodes.filter((node) => scene.overlay.process(node.name).isRunning).map((node) => node.name);
  return LiveLoad.start(scene.overlay, { name, publisher, readers, messagesPerSecond: MESSAGES_PER_SECOND, group: { fanOutMax: 3 } });
}

/** Everybody gets messages before the cut, while it lasts, and after it healed. */
async function cut(load: LiveLoad, cuts: readonly Cut[]): Promise<void> {
  await load.goesOn(SOME);
  await scene.network.cut(cuts);
  await load.goesOn(SOME);
  await scene.network.heal(cuts);
  await load.goesOn(SOME);
}

function dataPortOf(name: string): number {
  const node = scene.overlay.nodes.find((entry) => entry.name === name);
  return Number(node?.addresses['data']?.split(':').at(-1));
}

async function expectSpotless(load: LiveLoad): Promise<void> {
  await load.goesOn(SOME);
  const { published, shared, verdicts } = await load.judge();
  expect(published).toBeGreaterThan(SOME);
  expect({ shared, verdicts }).toEqual({ shared: 0, verdicts: Array.from({ length: NODES - 1 }, () => SPOTLESS) });
}
