import type { StreamEventName, StreamEvents } from '../contract.ts';

/** Tells everybody who follows a topic. */
export type Tell = <Name extends StreamEventName>(name: Name, data: StreamEvents[Name]) => void;

/** One thing that pages follow. */
export interface TopicSource {
  /** Watches until `signal` is aborted; never rejects: what goes wrong is told. */
  watch(tell: Tell, signal: AbortSignal): Promise<void>;
  /** Tells a newcomer what there is already. */
  welcome(tell: Tell): void;
}

/** Somebody who follows topics; gets text that was made once for all. */
export interface Follower {
  take(message: string): void;
}

/** An event in the text form of server-sent events. */
export function eventText<Name extends StreamEventName>(name: Name, data: StreamEvents[Name]): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Waits; an abort ends the wait. */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
