import { randomId, type Id } from '@banyan/ids';
import { describe, expect, it } from 'vitest';
import { TestRing } from './testing/ring.ts';

const config = { leafSetSize: 16 };
const HALF = 8;

function trueLeaves(ring: TestRing, id: Id, half = HALF): Set<Id> {
  const sorted = ring.live().sort();
  const at = sorted.indexOf(id);
  const leaves = new Set<Id>();
  for (let step = 1; step <= half; step++) leaves.add(sorted[(at + step) % sorted.length]!).add(sorted[(at - step + sorted.length) % sorted.length]!);
  leaves.delete(id);
  return leaves;
}

function expectTrueLeafSets(ring: TestRing): void {
  for (const id of ring.live()) expect(new Set(ring.node(id).view.leaves().map((leaf) => leaf.id))).toEqual(trueLeaves(ring, id));
}

const meanHops = (ring: TestRing): number => ring.deliveries.reduce((sum, { envelope }) => sum + envelope.hops, 0) / ring.deliveries.length;

describe('Rowstron & Druschel 2001, §2.5: node departure', () => {
  it('leaf sets are whole again after silent failures', () => {
    const ring = TestRing.joined(80, { seed: 1, config });
    for (let i = 0; i < 12; i++) ring.crash(ring.rng.pick(ring.live())!);
    ring.run(ring.now + 180_000);
    expectTrueLeafSets(ring);
  });

  it('nobody is taken in before it has answered: a dead node that others still name stays out', () => {
    const ring = TestRing.joined(60, { seed: 2, config });
    const dead = ring.live()[5]!;
    ring.crash(dead);
    ring.add();
    ring.run(ring.now + 3_000);
    const newest = ring.live().at(-1)!;
    expect(ring.node(newest).view.leaves().map((leaf) => leaf.id)).not.toContain(dead);
  });

  it('an entry of the routing table that is found dead is replaced by its backup, if that lives', () => {
    const ring = TestRing.joined(200, { seed: 3, config }, 100);
    const id = ring.live()[0]!;
    type State = { tables: { table: Id[][]; backups: { slot: number; nodes: [string, number][] }[] } };
    const tables = (): State['tables'] => (ring.node(id).state(ring.now) as unknown as State).tables;
    const { backups, table } = tables();
    const [kept] = backups.filter(({ slot }) => slot < 16);
    const [backup] = kept!.nodes[0]![0].split('@') as [string];
    const entry = table[0]!.find((each) => each[0] === backup[0])!;
    ring.crash(entry);
    ring.input(id, { type: 'route', app: 'test', key: entry, body: 1 });
    ring.run(ring.now + 20_000);
    expect(tables().table[0]!.find((each) => each[0] === entry[0])).toBe(backup);
  });

  it('an entry of the routing table that is found dead is replaced by asking another member of its row', () => {
    const ring = TestRing.joined(200, { seed: 6, config }, 100);
    const id = ring.live()[0]!;
    const rowOf = (row: number, at = id): Id[] => (ring.node(at).state(ring.now) as unknown as { tables: { table: Id[][] } }).tables.table[row] ?? [];
    const spread = (entry: Id): number => ring.live().filter((at) => rowOf(0, at).includes(entry)).length;
    const { backups } = (ring.node(id).state(ring.now) as unknown as { tables: { backups: { nodes: [string, number][] }[] } }).tables;
    const known = rowOf(0).filter((each) => !ring.node(id).view.leaves().some((leaf) => leaf.id === each));
    const backupsOf = (entry: Id): readonly Id[] => backups.flatMap(({ nodes }) => nodes.map(([kept]) => kept.split('@')[0] as Id)).filter((kept) => kept[0] === entry[0]);
    // Of those with the fewest backups the one that fewest others have too: who would answer with the same one is no help.
    const entry = known.sort((a, b) => backupsOf(a).length - backupsOf(b).length || spread(a) - spread(b))[0]!;
    ring.crash(entry);
    // Its backups die with it: they would take its place at once.
    for (const backup of backupsOf(entry)) ring.crash(backup);
    const asked: Id[] = [];
    ring.watch = (from, to, message) => {
      if (from === id && message.type === 'rowRequest') asked.push(to);
    };
    for (let i = 0; i < 5; i++) ring.input(id, { type: 'route', app: 'test', key: entry, body: i });
    ring.run(ring.now + 600_000);
    expect(asked.length).toBeGreaterThan(0);
    const replacement = rowOf(0).find((each) => each[0] === entry[0]);
    expect(replacement).toBeDefined();
    expect(replacement).not.toBe(entry);
  });

  it('delivery survives |L|/2 - 1 neighbors that fail together', () => {
    const ring = TestRing.joined(80, { seed: 4, config });
    const sorted = ring.live().sort();
    for (const id of sorted.slice(20, 20 + HALF - 1)) ring.crash(id);
    ring.run(ring.now + 120_000);
    expectTrueLeafSets(ring);
    ring.routeRandomKeys(300);
    expect(ring.deliveries).toHaveLength(300);
    for (const { at, trueRoot } of ring.deliveries) expect(at).toBe(trueRoot);
  });

  it('§4.4, Fig. 10: after 10 % of the nodes failed routes are a little longer, and short again once repaired', () => {
    const ring = TestRing.filled(500, { seed: 5, sideMs: 100, config: { ...config, tableSweepMs: 60_000 } });
    ring.routeRandomKeys(500);
    const before = meanHops(ring);
    for (let i = 0; i < 50; i++) ring.crash(ring.rng.pick(ring.live())!);
    ring.run(ring.now + 3 * 60_000);
    ring.deliveries.length = 0;
    ring.routeRandomKeys(500);
    expect(ring.deliveries).toHaveLength(500);
    expect(meanHops(ring)).toBeLessThan(before + 0.15);
  });

  it('§4.4: the leaf sets around a failed node are repaired with fewer than the 57 calls of the paper', () => {
    const quiet = TestRing.filled(200, { seed: 6, sideMs: 100, config });
    const failing = TestRing.filled(200, { seed: 6, sideMs: 100, config });
    const failed = 20;
    for (let i = 0; i < failed; i++) failing.crash(failing.rng.pick(failing.live())!);
    for (const ring of [quiet, failing]) ring.run(5 * 60_000);
    const calls = (ring: TestRing): number => ring.sent.get('leafProbe') ?? 0;
    expect((calls(failing) - calls(quiet) * (180 / 200)) / failed).toBeLessThan(57);
  });
});

describe('Castro, Costa, Rowstron 2004: dependable routing', () => {
  it('§3.1: half of the ring at once is repaired by going on from the nearest known node', () => {
    const ring = TestRing.joined(120, { seed: 7, config }, 100);
    const sorted = ring.live().sort();
    for (const id of sorted.slice(30, 30 + 2 * HALF + 4)) ring.crash(id);
    ring.run(ring.now + 300_000);
    expectTrueLeafSets(ring);
  });

  it('§3.1: a heartbeat goes to ring neighbors only, so that it costs the same for any |L|', () => {
    const perSecond = (leafSetSize: number): number => {
      const ring = TestRing.filled(100, { seed: 8, config: { leafSetSize } });
      ring.run(600_000);
      return (ring.sent.get('heartbeat') ?? 0) / 600 / 100;
    };
    expect(perSecond(32)).toBeCloseTo(perSecond(8), 2);
  });

  it('an idle node sends less than half a message per second', () => {
    const ring = TestRing.joined(60, { seed: 9 });
    const before = ring.total();
    ring.run(ring.now + 15 * 60_000);
    expect((ring.total() - before) / (15 * 60) / 60).toBeLessThan(0.5);
  });

  it('§3.2: a silent hop is gone around, and the root is asked again, not replaced', () => {
    const ring = TestRing.joined(100, { seed: 10, config }, 100);
    const [sender, root] = [ring.live()[3]!, ring.live()[50]!];
    ring.cuts = (from, to) => from === sender && to === root && ring.now < pausedUntil;
    const pausedUntil = ring.now + 600;
    for (let i = 0; i < 20; i++) ring.input(sender, { type: 'route', app: 'test', key: root, body: i, explain: true });
    ring.run(ring.now + 10_000);
    expect(ring.deliveries).toHaveLength(20);
    for (const { at } of ring.deliveries) expect(at).toBe(root);
  });

  it('a death is believed only when others cannot reach the node either', () => {
    const ring = TestRing.joined(40, { seed: 11, config });
    const [a, b] = [ring.live()[0]!, ring.node(ring.live()[0]!).view.leaves()[5]!.id];
    ring.cuts = (from, to) => (from === a && to === b) || (from === b && to === a);
    ring.input(a, { type: 'suspect', peer: ring.handle(b) });
    ring.run(ring.now + 20_000);
    expect(ring.node(a).view.leaves().map((leaf) => leaf.id)).toContain(b);
    ring.input(a, { type: 'route', app: 'test', key: b, body: 0, explain: true });
    ring.run(ring.now + 20_000);
    expect(ring.deliveries.map(({ at }) => at)).toEqual([b]);
    expect(ring.deliveries[0]!.envelope.hops).toBe(2);
  });
});

describe('Haeberlen et al. 2005: leases', () => {
  it('the keys of a node that fell silent are taken over only after its lease has run out', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const ring = TestRing.joined(30, { seed, config });
      const victim = ring.rng.pick(ring.live())!;
      // Cut off from everyone, but running: it must stop to deliver before another begins.
      const origin = ring.live().find((id) => id !== victim)!;
      ring.cuts = (from, to) => from === victim || to === victim;
      const cutAt = ring.now;
      // Once the victim has given up everyone it is a ring of its own, as each side of a partition is: that does not count.
      const asMember: number[] = [];
      ring.upcall = (at, type) => {
        if (type === 'deliver' && at === victim && ring.node(victim).view.leaves().length > 0) asMember.push(ring.now);
      };
      for (let i = 0; i < 60; i++) {
        ring.at(cutAt + i * 1_000, () => ring.input(i % 2 === 0 ? victim : origin, { type: 'route', app: 'test', key: victim, body: i }));
      }
      ring.run(cutAt + 100_000);
      const byVictim = asMember;
      const byOthers = ring.deliveries.filter(({ at }) => at !== victim).map(({ time }) => time);
      expect(byOthers.length, `seed ${seed}`).toBeGreaterThan(0);
      expect(Math.max(...byVictim), `seed ${seed}`).toBeLessThan(Math.min(...byOthers));
    }
  });

  it('a node that was not scheduled for half a lease steps back and joins again', () => {
    const ring = TestRing.joined(30, { seed: 6, config });
    const id = ring.live()[4]!;
    ring.input(id, { type: 'stalled', forMs: ring.config.leaseMs / 2 });
    expect(ring.node(id).view.ready).toBe(true);
    ring.input(id, { type: 'stalled', forMs: ring.config.leaseMs / 2 + 1 });
    expect(ring.node(id).view.ready).toBe(false);
    ring.input(id, { type: 'route', app: 'test', key: randomId(ring.rng), body: 0 });
    ring.input(ring.live()[5]!, { type: 'route', app: 'test', key: id, body: 1 });
    ring.run(ring.now + 5_000);
    expect(ring.node(id).view.ready).toBe(true);
    expect(ring.deliveries).toHaveLength(2);
    for (const { at, trueRoot } of ring.deliveries) expect(at).toBe(trueRoot);
  });

  it('a node that leaves gives its keys and leases back at once', () => {
    const ring = TestRing.joined(30, { seed: 7, config });
    const [leaver, origin] = [ring.live()[4]!, ring.live()[5]!];
    ring.input(leaver, { type: 'leave' });
    ring.run(ring.now + 1_000);
    ring.input(origin, { type: 'route', app: 'test', key: leaver, body: 0 });
    ring.input(leaver, { type: 'route', app: 'test', key: leaver, body: 1 });
    ring.run(ring.now + 3_000);
    expect(ring.deliveries).toHaveLength(2);
    for (const { at, trueRoot } of ring.deliveries) expect([at, at === leaver]).toEqual([trueRoot, false]);
  });
});
