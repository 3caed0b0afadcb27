import type { Reconnect } from '@banyan/client';
import { OverlayError } from '@banyan/grpc';
import type { Io } from '../io.ts';
import { note } from '../io.ts';

/** Says that a stream goes on at another node, and why; of many vain attempts in a row only the 1st, 2nd, 4th, 8th … */
export function noteReconnect(io: Pick<Io, 'stderr'>, { lost, error, attempt }: Reconnect): void {
  if (!Number.isInteger(Math.log2(attempt))) return;
  note(io, `banyan: lost ${lost} (${error.reason}), going on at another node${attempt > 1 ? `, attempt ${attempt}` : ''}`);
}

/** What `opening` gives, unless the user wants no more while it is under way: CANCELLED. */
export function unlessInterrupted<T>(io: Io, opening: Promise<T>): Promise<T> {
  opening.catch(() => undefined); // nobody may be there to hear it
  const interrupted = new Promise<never>((_, reject) => {
    io.signal.addEventListener('abort', () => reject(new OverlayError('CANCELLED', 'interrupted')));
  });
  return Promise.race([opening, interrupted]);
}
