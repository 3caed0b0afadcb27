import { setTimeout as pause } from 'node:timers/promises';
import type { Id } from '@banyan/ids';
import type { multicast } from '@banyan/proto';
import type { TreePictures } from './tree-pictures.ts';

// A live tree changes with every report of every node; nobody looks more often than this.
const PICTURE_EVERY_MS = 250;
// Places that are no longer told go without anybody saying so.
const LOOK_EVERY_MS = 1_000;

/**
 * The picture of a group now, and again after changes, until `signal` is aborted. Changes that come while the reader
 * takes his time, or within 250 ms, become one picture: what is kept for a watcher is one bit.
 */
export async function* pictureStream(pictures: TreePictures, group: Id, signal: AbortSignal): AsyncGenerator<readonly multicast.Place[]> {
  let hasChanged = true;
  let wake = (): void => undefined;
  const unwatch = pictures.watch(group, () => {
    hasChanged = true;
    wake();
  });
  const looking = setInterval(() => pictures.expire(performance.now()), LOOK_EVERY_MS).unref();
  signal.addEventListener('abort', () => wake());
  try {
    while (!signal.aborted) {
      hasChanged = false;
      yield pictures.picture(group, performance.now());
      await pause(PICTURE_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
      if (!hasChanged && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    clearInterval(looking);
    unwatch();
  }
}
