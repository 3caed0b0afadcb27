import { assert, describe, expect, it } from 'vitest';
import { CALM } from './network.ts';
import { StepFailed } from './step-failed.ts';
import { plane } from './topologies/plane.ts';
import { SharedPlaces } from './topologies/shared-places.ts';
import { Counter, counterWorld, everywhere, order } from './testing/counter.ts';

describe('datagrams', () => {
  it('arrive after the latency of the topology', () => {
    const { world } = counterWorld({ topology: everywhere(2, 30) });
    const receiver = new Counter();
    world.start(0, new Counter());
    world.start(1, receiver);
    order(world, 0, { type: 'send', to: 1, text: 'hello' });
    world.run(100);
    expect(receiver.heard).toEqual([{ at: 30, input: { type: 'message', from: 0, text: 'hello' } }]);
    expect(world.now).toBe(100);
  });

  it('are lost, repeated and reordered as often as the weather says', () => {
    const weather = { lossRate: 0.2, duplicateRate: 0.1, jitter: 0, reorderRate: 0.3, reorderMsMax: 50 };
    const { world } = counterWorld({ topology: everywhere(2, 30), weather });
    const receiver = new Counter();
    world.start(0, new Counter());
    world.start(1, receiver);
    const sent = 10_000;
    for (let i = 0; i < sent; i++) world.at(i, () => order(world, 0, { type: 'send', to: 1, text: String(i) }));
    world.run(20_000);
    const texts = receiver.heard.map(({ input }) => (input.type === 'message' ? Number(input.text) : -1));
    const distinct = new Set(texts).size;
    expect(distinct / sent).toBeCloseTo(0.8, 1);
    expect(texts.length - distinct).toBeGreaterThan(0.05 * sent);
    expect(texts.filter((text, i) => i > 0 && text < (texts[i - 1] ?? 0)).length).toBeGreaterThan(0.05 * sent);
  });

  it('do not reach a life that began after they were sent', () => {
    const { world } = counterWorld({ topology: everywhere(2, 30) });
    world.start(0, new Counter());
    world.start(1, new Counter());
    order(world, 0, { type: 'send', to: 1, text: 'for the first life' });
    const second = new Counter();
    world.at(10, () => world.crash(1));
    world.at(20, () => world.start(1, second));
    world.run(100);
    expect(second.heard).toEqual([]);
  });

  it('pass a one-way cut in the other direction only, and no partition', () => {
    const { world } = counterWorld({ topology: everywhere(3, 10) });
    const counters = [0, 1, 2].map((host) => {
      const counter = new Counter();
      world.start(host, counter);
      return counter;
    });
    const everyoneSends = (text: string): void => {
      for (const from of [0, 1, 2]) for (const to of [0, 1, 2]) if (from !== to) order(world, from, { type: 'send', to, text });
    };
    world.network.cut(0, 1);
    everyoneSends('cut');
    world.run(50);
    world.network.partition([2]);
    everyoneSends('parted');
    world.run(100);
    world.heal();
    everyoneSends('healed');
    world.run(150);
    const heard = (host: number): string[] => (counters[host]?.heard ?? []).flatMap(({ input }) => (input.type === 'message' ? [`${input.from} ${input.text}`] : []));
    expect(heard(0)).toEqual(['1 cut', '2 cut', '1 parted', '1 healed', '2 healed']);
    expect(heard(1)).toEqual(['2 cut', '0 healed', '2 healed']);
    expect(heard(2)).toEqual(['0 cut', '1 cut', '0 healed', '1 healed']);
  });
});

describe('alarms', () => {
  it('tick a machine at its deadline and re-arm when it moved on meanwhile', () => {
    const { world } = counterWorld({ topology: everywhere(1, 1) });
    const counter = new Counter(100);
    world.start(0, counter);
    world.at(250, () => counter.postpone(390));
    world.run(600);
    expect(counter.heard.map(({ at }) => at)).toEqual([100, 200, 390, 490, 590]);
  });

  it('cost one pending event a machine, however many inputs it takes', () => {
    const { world } = counterWorld({ topology: everywhere(1, 1) });
    world.start(0, new Counter(10_000));
    for (let i = 0; i < 1_000; i++) order(world, 0);
    world.run(10_000);
    expect(world.events).toBe(1_001);
  });

  it('fail loudly when a tick does not move the deadline on', () => {
    const { world } = counterWorld({ topology: everywhere(1, 1) });
    const stuck = new Counter(5);
    stuck.deadline = () => 5;
    world.start(0, stuck);
    expect(() => world.run(10)).toThrow('host 0 at 5 ms: not true: a tick moves the deadline on');
  });
});

it('tells each machine the time of its own clock, and wakes it when that clock shows its deadline', () => {
  const { world } = counterWorld({ topology: everywhere(2, 10) });
  const quick = new Counter(50_100);
  world.setClock(0, { offsetMs: 50_000, rate: 1.01 });
  world.start(0, quick);
  world.start(1, new Counter());
  world.at(1_000, () => order(world, 1, { type: 'send', to: 0, text: 'knock' }));
  world.run(1_010);
  expect(quick.heard[0]).toEqual({ at: 50_100, input: { type: 'tick' } });
  expect(quick.heard[1]?.at).toBeCloseTo(50_000 + 1.01 * 1_010, 6);
  expect(world.timeAt(0)).toBeCloseTo(51_020.1, 6);
});

it('lets a host stand where another stood', () => {
  const places = new SharedPlaces(plane({ hosts: 3, seed: 1 }), 1);
  places.move(3, 2);
  expect(places.hosts).toBe(4);
  expect(places.latencyMs(0, 3)).toBe(places.latencyMs(0, 2));
  expect(places.latencyMs(2, 3)).toBeGreaterThan(0);
});

it('tells what a machine that broke a truth had been told, its last 64 inputs', () => {
  const { world } = counterWorld({ topology: everywhere(2, 1) });
  const broken = new Counter();
  world.start(0, broken);
  world.start(1, new Counter(3));
  for (let i = 0; i < 100; i++) world.at(i, () => order(world, 0, { type: 'dial', to: 0 }));
  world.at(100, () => {
    broken.handle = () => {
      throw new Error('impossible');
    };
    order(world, 0);
  });
  try {
    world.run(200);
    expect.unreachable();
  } catch (failure) {
    assert(failure instanceof StepFailed);
    expect(failure.message).toBe('host 0 at 100 ms: impossible');
    expect(failure.inputs.length).toBe(64);
    expect(failure.inputs.at(-1)).toEqual({ at: 100, host: 0, input: { type: 'do', effects: [] } });
  }
});

it('tells a resumed machine of its stall before what waited for it', () => {
  const { world } = counterWorld({ topology: everywhere(2, 10) });
  const sleeper = new Counter(40);
  world.start(0, new Counter());
  world.start(1, sleeper);
  world.at(5, () => world.pause(1));
  world.at(20, () => order(world, 0, { type: 'send', to: 1, text: 'knock' }));
  world.at(105, () => world.resume(1));
  world.run(110);
  expect(sleeper.heard).toEqual([
    { at: 105, input: { type: 'stalled', forMs: 100 } },
    { at: 105, input: { type: 'message', from: 0, text: 'knock' } },
    { at: 105, input: { type: 'tick' } },
  ]);
});

it('does the same again with the same seed, to the last effect, and otherwise with another', () => {
  const digestOf = (seed: number): string => {
    const weather = { ...CALM, lossRate: 0.1, duplicateRate: 0.1, jitter: 0.2 };
    const { world, trace } = counterWorld({ topology: plane({ hosts: 20, seed }), seed, weather });
    for (let host = 0; host < 20; host++) {
      world.start(host, new Counter(100 + host));
      for (let i = 0; i < 20; i++) world.at(i * 7, () => order(world, host, { type: 'send', to: (host + i) % 20, text: `${i}` }, { type: 'dial', to: (host + 1) % 20 }));
    }
    world.at(400, () => world.crash(3));
    world.run(2_000);
    expect(trace.count).toBeGreaterThan(700);
    return trace.digest();
  };
  expect(digestOf(7)).toBe(digestOf(7));
  expect(digestOf(7)).not.toBe(digestOf(8));
});
