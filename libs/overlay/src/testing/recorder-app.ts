import type { Application, Downcall, Upcall } from '@banyan/kbr';
import type { Json } from '@banyan/sansio';

export type RecorderCommand = Extract<Downcall<string>, { readonly type: 'route' | 'direct' | 'dial' | 'suspect' | 'peerFault' | 'drop' }>;
type RecorderInput = Upcall<string> | { readonly type: 'command'; readonly command: RecorderCommand };

/** An application that does what it is told and tells every upcall as an event; `onForward` decides what goes on. */
export class RecorderApp implements Application<string, RecorderCommand, Upcall<string>> {
  readonly intercepts: boolean;
  readonly #onForward: (forward: Extract<Upcall<string>, { type: 'forward' }>) => readonly Downcall<string>[];

  constructor(intercepts: boolean, onForward: (forward: Extract<Upcall<string>, { type: 'forward' }>) => readonly Downcall<string>[] = (forward) => [{ ...forward, type: 'resume' }]) {
    this.intercepts = intercepts;
    this.#onForward = onForward;
  }

  handle(_now: number, input: RecorderInput): readonly (Downcall<string> | { readonly type: 'event'; readonly event: Upcall<string> })[] {
    if (input.type === 'command') return [input.command];
    const told = { type: 'event', event: input } as const;
    return input.type === 'forward' ? [told, ...this.#onForward(input)] : [told];
  }

  deadline(): undefined {
    return undefined;
  }

  state(): Json {
    return {};
  }
}
