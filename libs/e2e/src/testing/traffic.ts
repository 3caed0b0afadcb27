import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@banyan/client';
import type { LocalOverlay } from '@banyan/local-overlay';

const GROUP = 'admin/traffic';
const EVERY_MS = 50;

/** A little work that goes on until it is disposed of. */
export interface Traffic extends AsyncDisposable {
  /** Throws what ended it before its time. */
  check(): void;
}

/** Publishes, subscribes, watches the tree and looks keys up, again and again, at an overlay. */
export async function startTraffic(overlay: LocalOverlay): Promise<Traffic> {
  const client = await overlay.connect();
  await client.groups.create(GROUP);
  const subscription = await client.subscribe(GROUP);
  const publisher = await client.publish(GROUP);
  const isOver = new AbortController();
  let failure: unknown;
  const keep = (work: Promise<void>): Promise<void> => work.catch((error: unknown) => {
    if (!isOver.signal.aborted) failure ??= error;
  });
  const all = [
    keep(readAll(subscription)),
    keep(readAll(client.groups.watchTree(GROUP))),
    keep(repeat(isOver.signal, (round) => publisher.send(Buffer.from(`message ${round}`)))),
    keep(repeat(isOver.signal, (round) => routeAndTrace(client, round))),
  ];
  return {
    check() {
      if (failure !== undefined) throw failure;
    },
    async [Symbol.asyncDispose]() {
      isOver.abort();
      publisher.abort();
      await subscription.close();
      client.close();
      await Promise.all(all);
    },
  };
}

async function readAll(events: AsyncIterable<unknown>): Promise<void> {
  const reader = events[Symbol.asyncIterator]();
  while ((await reader.next()).done !== true);
}

async function repeat(isOver: AbortSignal, work: (round: number) => Promise<unknown>): Promise<void> {
  for (let round = 0; !isOver.aborted; round++) {
    await work(round);
    await pause(EVERY_MS);
  }
}

async function routeAndTrace(client: Client, round: number): Promise<void> {
  await client.overlay.lookup(`key ${round}`);
  await client.overlay.trace(`key ${round}`);
}
