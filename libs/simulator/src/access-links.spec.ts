import { expect, it } from 'vitest';
import { AccessLinks } from './access-links.ts';
import { Counter, counterWorld, everywhere, order } from './testing/counter.ts';

it('sends and receives one thing after the other, as fast as the lines are', () => {
  const lines = new AccessLinks(3, { upBytesPerMs: 10, downBytesPerMs: 20 });
  expect([lines.sentAt(0, 0, 100), lines.sentAt(5, 0, 100), lines.sentAt(50, 0, 100)]).toEqual([10, 20, 60]);
  // Two at once share the line of the receiver; one that comes alone is not held up by it.
  expect([lines.receivedAt(100, 1, 100), lines.receivedAt(101, 1, 100), lines.receivedAt(300, 1, 100)]).toEqual([100, 105, 300]);
  expect(lines.sentAt(0, 2, 100)).toBe(10);
});

it('makes frames late on links, and those of a world without rates not', () => {
  const arrivals = (rates: { readonly upBytesPerMs: number; readonly downBytesPerMs: number } | undefined): number[] => {
    const { world } = counterWorld({ topology: everywhere(2, 20), ...(rates === undefined ? {} : { access: { rates, bytesOf: () => 500 } }) });
    const [child, parent] = [new Counter(), new Counter()];
    world.start(0, child);
    world.start(1, parent);
    order(world, 0, { type: 'dial', to: 1 });
    world.run(1_000);
    const link = parent.heard.flatMap(({ input }) => (input.type === 'up' ? [input.link] : []))[0] ?? -1;
    for (const frame of [1, 2, 3]) order(world, 1, { type: 'write', link, frame });
    world.run(2_000);
    return child.heard.flatMap(({ at, input }) => (input.type === 'frame' ? [at] : []));
  };
  expect(arrivals(undefined)).toEqual([1_020, 1_020, 1_020]);
  expect(arrivals({ upBytesPerMs: 10, downBytesPerMs: 10 })).toEqual([1_070, 1_120, 1_170]);
});
