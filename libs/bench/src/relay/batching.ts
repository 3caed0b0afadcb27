import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { Source } from './system.ts';

/** What a publisher of any system gathers before it writes: as much as our SDK does. */
export const BATCH_BYTES = 256 * 1024;

/** A source over a byte stream: gathers until 256 KiB or the end of the turn, and waits for the stream. */
export function streamSource(stream: Writable, frame: (message: Uint8Array) => readonly Uint8Array[] = (message) => [message]): Source {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  const flush = (): Promise<void> | undefined => {
    if (parts.length === 0) return undefined;
    const isRoom = stream.write(Buffer.concat(parts));
    parts = [];
    bytes = 0;
    return isRoom ? undefined : once(stream, 'drain').then(() => undefined);
  };
  return {
    send(message) {
      if (parts.length === 0) setImmediate(() => void flush());
      for (const part of frame(message)) {
        parts.push(part);
        bytes += part.length;
      }
      return bytes >= BATCH_BYTES ? flush() : undefined;
    },
  };
}
