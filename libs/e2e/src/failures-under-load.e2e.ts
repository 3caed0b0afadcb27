// Nodes are killed under a steady stream into a reliable group: a history checker looks at what everybody got.
import { expect, it } from 'vitest';
import { eventually } from './testing/eventually.ts';
import { LiveLoad } from './testing/live-load.ts';
import { forwarderOf, nameOf, rootOf } from './testing/live-tree.ts';
import { messageOf, SPOTLESS } from './testing/message-history.ts';
import { sharedOverlay } from './testing/test-overlay.ts';

const NODES = 10;
const MESSAGES_PER_SECOND = 200;
/** Messages that everybody has to get before the next thing happens, and at the end. */
const SOME = 300;
/** Of a reliable group with enough nodes. */
const VOTERS = 5;
const scene = sharedOverlay('failures', { nodes: NODES });

it('loses, doubles and reorders nothing while a forwarder and three roots in a row are killed and come back', async () => {
  await using load = await start('kills');
  await kill(await forwarderOf(scene.overlay, load.tree));
  await load.goesOn(SOME);
  const roots: string[] = [];
  while (roots.length < 3) {
    const root = await rootOf(scene.overlay, load.tree);
    // It comes back only after the third: at once, it would have its group again before the picture shows who numbered meanwhile.
    await scene.overlay.kill(root, 'SIGKILL');
    roots.push(root);
    await eventually('another root numbers', () => load.tree.root !== undefined && !roots.includes(nameOf(scene.overlay, load.tree.root)));
    await load.goesOn(SOME);
    // Only a majority of voters can go on, and the next root may be named with the dead among them: they are replaced within seconds.
    await eventually('five voters live', () => load.tree.places.filter((place) => place.isVoter && !roots.includes(nameOf(scene.overlay, place))).length >= VOTERS);
  }
  await Promise.all(roots.map((name) => scene.overlay.restart(name)));
  await expectSpotless(load);
});

it('loses, doubles and reorders nothing when two voters die within 100 ms', async () => {
  await using load = await start('voters');
  const voters = await eventually('two voters besides the root', () => {
    const found = load.tree.places.filter((place) => place.isVoter && place.role !== 'root');
    return found.length >= 2 && found.slice(0, 2).map((place) => nameOf(scene.overlay, place));
  });
  await Promise.all(voters.map((name) => kill(name)));
  await load.goesOn(SOME);
  await expectSpotless(load);
});

it('takes a session up again where its publisher was cut off between sending and receipts', async () => {
  const client = await scene.overlay.connect();
  try {
    await client.groups.create('again');
    const first = await client.publish('again');
    const messages = Array.from({ length: 200 }, (_, i) => messageOf('again', i));
    for (const message of messages) await first.send(message);
    first.abort();
    const second = await client.publish('again', { session: first.session });
    for (const message of messages) await second.send(message);
    expect(await second.close()).toMatchObject({ messages: messages.length });
    const subscription = await client.subscribe('again', { start: { type: 'first' } });
    const given: string[] = [];
    for await (const event of subscription) {
      if (event.type === 'messages') given.push(...event.messages.map((message) => Buffer.from(message).toString()));
      if (given.length >= messages.length) break;
    }
    expect(given).toEqual(messages.map(String));
  } finally {
    client.close();
  }
});

function start(name: string): Promise<LiveLoad> {
  const [publisher = '', ...readers] = scene.overlay.nodes.map((node) => node.name);
  return LiveLoad.start(scene.overlay, { name, publisher, readers, messagesPerSecond: MESSAGES_PER_SECOND, group: { fanOutMax: 3 } });
}

/** Ends a node as a failing machine would, and has it come back where it was. */
async function kill(name: string): Promise<void> {
  await scene.overlay.kill(name, 'SIGKILL');
  await scene.overlay.restart(name);
}

async function expectSpotless(load: LiveLoad): Promise<void> {
  await load.goesOn(SOME);
  const { published, shared, verdicts } = await load.judge();
  expect(published).toBeGreaterThan(SOME);
  expect({ shared, verdicts }).toEqual({ shared: 0, verdicts: Array.from({ length: NODES - 1 }, () => SPOTLESS) });
}
