import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onStopAsked } from './stop-signals.ts';

describe('onStopAsked', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'])('stops at %s', (event) => {
    const { source, stop } = watched();
    source.emit(event);
    expect(stop.signal.aborted).toBe(true);
  });

  it('takes equal signals within a second for one', () => {
    const { source, clock, given } = watched();
    source.emit('SIGINT');
    clock.now = 900;
    source.emit('SIGINT');
    expect(given.up).toBe(0);
    clock.now = 1_100;
    source.emit('SIGINT');
    expect(given.up).toBe(1);
  });
});

function watched(): { readonly source: EventEmitter; readonly stop: AbortController; readonly clock: { now: number }; readonly given: { up: number } } {
  const [source, stop, clock, given] = [new EventEmitter(), new AbortController(), { now: 0 }, { up: 0 }];
  onStopAsked(source, stop, () => given.up++, () => clock.now);
  return { source, stop, clock, given };
}
