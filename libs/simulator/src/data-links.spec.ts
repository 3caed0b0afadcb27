import { describe, expect, it } from 'vitest';
import { CONNECT_TIMEOUT_MS, LINK_TIMEOUT_MS } from './data-links.ts';
import { CALM, type Weather } from './network.ts';
import { Counter, counterWorld, everywhere, order, type CounterWorld } from './testing/counter.ts';

interface Pair {
  readonly world: CounterWorld;
  readonly child: Counter;
  readonly parent: Counter;
  /** Numbers of the link's ends, as child and parent know them. */
  readonly childEnd: number;
  readonly parentEnd: number;
}

/** Host 0 has dialled host 1 in calm weather; it is one second later. */
function linked({ seed = 1, weather = CALM }: { readonly seed?: number; readonly weather?: Weather } = {}): Pair {
  const { world } = counterWorld({ topology: everywhere(2, 20), seed });
  const child = new Counter();
  const parent = new Counter();
  world.start(0, child);
  world.start(1, parent);
  order(world, 0, { type: 'dial', to: 1 }, { type: 'dial', to: 1 });
  world.run(1_000);
  world.network.weather = weather;
  return { world, child, parent, childEnd: endNumber(child), parentEnd: endNumber(parent) };
}

function endNumber(counter: Counter): number {
  const ups = counter.heard.flatMap(({ input }) => (input.type === 'up' ? [input.link] : []));
  expect(ups.length).toBe(1);
  return ups[0] ?? -1;
}

function writeNumbers({ world, parentEnd }: Pair, count: number): void {
  for (let frame = 0; frame < count; frame++) world.at(world.now + frame, () => order(world, 1, { type: 'write', link: parentEnd, frame }));
}

describe('a dial', () => {
  it('opens one link for two dials, seen first by the parent', () => {
    const { child, parent, childEnd, parentEnd } = linked();
    expect(parent.heard[0]).toEqual({ at: 100, input: { type: 'up', peer: 0, link: parentEnd, dialled: false } });
    expect(child.heard[1]).toEqual({ at: 120, input: { type: 'up', peer: 1, link: childEnd, dialled: true } });
    expect(childEnd).not.toBe(parentEnd);
  });

  it('fails after a round trip where nothing runs, and after the timeout where nobody answers', () => {
    const { world } = counterWorld({ topology: everywhere(4, 20) });
    const child = new Counter();
    world.start(0, child);
    world.start(2, new Counter());
    world.start(3, new Counter());
    world.network.cut(2, 0);
    world.pause(3);
    order(world, 0, { type: 'dial', to: 1 }, { type: 'dial', to: 2 }, { type: 'dial', to: 3 });
    world.run(10_000);
    const failed = child.heard.flatMap(({ at, input }) => (input.type === 'down' ? [{ at, peer: input.peer, link: input.link }] : []));
    expect(failed).toEqual([
      { at: 40, peer: 1, link: undefined },
      { at: CONNECT_TIMEOUT_MS, peer: 2, link: undefined },
      { at: CONNECT_TIMEOUT_MS + 100, peer: 3, link: undefined },
    ]);
  });
});

describe('an open link', () => {
  it('delivers everything once and in order, loss showing as delay', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const pair = linked({ seed, weather: { ...CALM, lossRate: 0.2, jitter: 3, duplicateRate: 0.3 } });
      writeNumbers(pair, 200);
      pair.world.run(60_000);
      expect(pair.child.frames(), `seed ${seed}`).toEqual(Array.from({ length: 200 }, (_, frame) => frame));
    }
  });

  it('tells the other end of a hang-up after all that was sent, and not the end that hung up', () => {
    const { world, child, parent, childEnd, parentEnd } = linked();
    order(world, 1, { type: 'write', link: parentEnd, frame: 7 }, { type: 'hangUp', link: parentEnd }, { type: 'write', link: parentEnd, frame: 8 });
    world.run(2_000);
    expect(child.heard.slice(2)).toEqual([
      { at: 1_020, input: { type: 'frame', peer: 1, link: childEnd, frame: 7 } },
      { at: 1_020, input: { type: 'down', peer: 1, link: childEnd, dialled: true } },
    ]);
    expect(parent.kinds()).not.toContain('down');
    expect(world.links.openEnds).toBe(0);
  });

  it('loses a suffix only when its sender crashes, then goes down', () => {
    const losses = new Set<number>();
    for (let seed = 1; seed <= 30; seed++) {
      const pair = linked({ seed, weather: { ...CALM, lossRate: 0.3 } });
      writeNumbers(pair, 100);
      pair.world.at(1_060, () => pair.world.crash(1));
      pair.world.run(20_000);
      const frames = pair.child.frames();
      expect(frames, `seed ${seed}`).toEqual(Array.from({ length: frames.length }, (_, frame) => frame));
      expect(pair.child.kinds().at(-1), `seed ${seed}`).toBe('down');
      losses.add(60 - frames.length);
    }
    expect(losses.size).toBeGreaterThan(5);
  });

  it('is missed only after the timeout when power fails', () => {
    const { world, child } = linked();
    world.crash(1, { silent: true });
    world.run(1_000 + LINK_TIMEOUT_MS - 1);
    expect(child.kinds()).not.toContain('down');
    world.run(1_000 + LINK_TIMEOUT_MS);
    expect(child.kinds().at(-1)).toBe('down');
  });

  it('holds frames while its path is cut and lets them go when it heals', () => {
    const pair = linked();
    const { world, child } = pair;
    world.network.cut(1, 0);
    writeNumbers(pair, 5);
    world.run(3_000);
    expect(child.frames()).toEqual([]);
    world.heal();
    writeNumbers(pair, 1);
    world.run(4_000);
    expect(child.frames()).toEqual([0, 1, 2, 3, 4, 0]);
    expect(child.kinds()).not.toContain('down');
  });

  it('breaks at both ends when a cut lasts', () => {
    const pair = linked();
    pair.world.network.cut(1, 0);
    writeNumbers(pair, 3);
    pair.world.run(30_000);
    expect(pair.child.kinds().at(-1)).toBe('down');
    expect(pair.parent.kinds().at(-1)).toBe('down');
    expect(pair.child.frames()).toEqual([]);
  });

  it('is swallowed while datagrams pass, and breaks; a way that is clogged only delays it', () => {
    const pair = linked();
    const { world, child } = pair;
    world.network.clog(1, 0, 3_000);
    writeNumbers(pair, 1);
    world.run(3_900);
    expect(child.frames()).toEqual([]);
    world.run(4_100);
    expect(child.frames()).toEqual([0]);
    world.mend(1, 0);
    world.network.swallowStreams(1, 0);
    writeNumbers(pair, 1);
    order(world, 1, { type: 'send', to: 0, text: 'passes' });
    world.run(30_000);
    expect(child.frames()).toEqual([0]);
    expect(child.kinds().slice(-2)).toEqual(['message', 'down']);
  });

  it('can be dialled again after it went down', () => {
    const { world, child, parentEnd } = linked();
    order(world, 1, { type: 'hangUp', link: parentEnd });
    world.run(2_000);
    order(world, 0, { type: 'dial', to: 1 });
    world.run(3_000);
    expect(child.kinds().filter((kind) => kind === 'up').length).toBe(2);
  });
});
