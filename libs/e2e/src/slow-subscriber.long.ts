// One subscriber of fifteen stands still, under each policy: the others go on, he is named, and what he may have comes to him
// when he runs again.
import { setTimeout as pause } from 'node:timers/promises';
import type { Client, SlowPolicy } from '@banyan/client';
import { expect, it } from 'vitest';
import { banyanCommand, banyanJson, CliProcess } from './testing/cli-process.ts';
import { eventually } from './testing/eventually.ts';
import { sharedOverlay } from './testing/test-overlay.ts';

const MESSAGES = 1_000;
const EVERY_MS = 10;
const MESSAGE_BYTES = 1_024;
const WINDOW = '128K';
const MAX_WAIT_S = 1;
const OTHERS = 14;
const scene = sharedOverlay('slow', { nodes: 4 });

it.each<SlowPolicy>(['block', 'detach', 'drop-oldest'])('goes on for fourteen while one stands still who asked for %s', async (policy) => {
  const { dataDir } = scene.overlay.paths;
  const group = `admin/${policy}`;
  expect(await banyanCommand(dataDir, 'group', 'create', group, '--window', WINDOW, '--max-wait', String(MAX_WAIT_S))).toMatchObject({ code: 0 });
  const clients = await Promise.all(scene.overlay.nodes.map((node) => scene.overlay.connect({ addresses: [node.addresses['api'] ?? ''] })));
  const stopped = new CliProcess(dataDir, ['subscribe', group, '--slow', policy, '--count', String(MESSAGES)]);
  try {
    await eventually('the subscriber that will stand still is grafted', () => stopped.printed.includes('subscribed to'));
    const readers = await Promise.all(Array.from({ length: OTHERS }, (_, i) => Reader.open(clients[i % clients.length]!, group)));
    const publishing = publish(clients[0]!, group);
    await pause(1_000);
    stopped.signal('SIGSTOP');
    if (policy === 'drop-oldest') await eventually('he who stands still is named', async () => (await slowIn(group)).length > 0);
    if (policy === 'drop-oldest') expect(await slowIn(group)).toEqual([expect.objectContaining({ client: 'admin', policy, remedy: expect.stringContaining('Read faster') as string })]);
    await publishing;
    if (policy === 'drop-oldest') await eventually('the coverage names who is behind', async () => (await coverageOf(group)).behind.length > 0);
    await Promise.all(readers.map((reader) => reader.finished));
    for (const { longestSilenceMs } of readers) expect(longestSilenceMs).toBeLessThanOrEqual(MAX_WAIT_S * 1_000 + 1_000);
    if (policy === 'block') expect(Math.max(...readers.map((reader) => reader.longestSilenceMs))).toBeGreaterThan(MAX_WAIT_S * 500);
    stopped.signal('SIGCONT');
    const { code, stdout, stderr } = await stopped.ended;
    expect(code, stderr).toBe(0);
    await eventually('every node with subscribers has everything', async () => {
      const { covered, members, reached } = await coverageOf(group);
      return covered === members && reached === MESSAGES;
    });
    expect(stdout.trim().split('\n').map((line) => parseInt(line, 10))).toEqual(Array.from({ length: MESSAGES }, (_, i) => i));
  } finally {
    stopped.stop();
    for (const client of clients) client.close();
  }
});

/** A subscriber that reads as fast as it can until all has come, and remembers its longest silence. */
class Reader {
  readonly finished: Promise<void>;
  longestSilenceMs = 0;

  private constructor(events: Awaited<ReturnType<Client['subscribe']>>) {
    this.finished = this.#read(events);
  }

  static async open(client: Client, group: string): Promise<Reader> {
    return new Reader(await client.subscribe(group, { slow: 'block' }));
  }

  async #read(events: Awaited<ReturnType<Client['subscribe']>>): Promise<void> {
    let [received, lastAt] = [0, Infinity];
    for await (const event of events) {
      const now = performance.now();
      this.longestSilenceMs = Math.max(this.longestSilenceMs, now - lastAt);
      lastAt = now;
      if (event.type === 'gap') throw new Error(`messages ${event.firstSequence} to ${event.lastSequence} were lost: ${event.cause}`);
      received += event.messages.length;
      if (received >= MESSAGES) return;
    }
  }
}

async function publish(client: Client, group: string): Promise<void> {
  const publisher = await client.publish(group);
  for (let i = 0; i < MESSAGES; i++) {
    await publisher.send(Buffer.from(`${i} `.padEnd(MESSAGE_BYTES, '.')));
    await pause(EVERY_MS);
  }
  await publisher.close();
}

function coverageOf(group: string): Promise<{ readonly covered: number; readonly members: number; readonly reached: number; readonly behind: readonly unknown[] }> {
  return banyanJson(scene.overlay.paths.dataDir, 'coverage', group);
}

function slowIn(group: string): Promise<readonly { readonly client: string }[]> {
  return banyanJson(scene.overlay.paths.dataDir, 'slow', group);
}
