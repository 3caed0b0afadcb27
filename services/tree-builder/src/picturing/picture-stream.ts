import { setTimeout as pause } from 'node:timers/promises';

// A live tree changes with every report of every node; nobody looks more often than this.
const PICTURE_EVERY_MS = 250;
// What is no longer told goes without anybody saying so.
const LOOK_EVERY_MS = 1_000;

/** Something that is looked at again when it changed. */
export interface Pictured<Picture> {
  look(): Picture;
  /** Calls `changed` after every change, until the returned function is called. */
  watch(changed: () => void): () => void;
  /** Drops what was not told for long, which may be a change. */
  expire(): void;
}

/**
 * The picture now, and again after changes, until `signal` is aborted. Changes that come while the reader takes his time, or
 * within 250 ms, become one picture: what is kept for a watcher is one bit.
 */
export async function* pictureStream<Picture>(pictured: Pictured<Picture>, signal: AbortSignal): AsyncGenerator<Picture> {
  let hasChanged = true;
  let wake = (): void => undefined;
  const unwatch = pictured.watch(() => {
    hasChanged = true;
    wake();
  });
  const looking = setInterval(() => pictured.expire(), LOOK_EVERY_MS).unref();
  signal.addEventListener('abort', () => wake());
  try {
    while (!signal.aborted) {
      hasChanged = false;
      yield pictured.look();
      await pause(PICTURE_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
      if (!hasChanged && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    clearInterval(looking);
    unwatch();
  }
}
