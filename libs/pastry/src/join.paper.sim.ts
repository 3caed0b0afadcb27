import { digitAt, sharedPrefix, type Id } from '@banyan/ids';
import { describe, expect, it } from 'vitest';
import type { PastryMessage } from './messages.ts';
import { TestRing } from './testing/ring.ts';

interface Sent {
  readonly from: Id;
  readonly to: Id;
  readonly message: PastryMessage;
}

// A ring into which one more node joins, and every message meanwhile.
function oneMore(seed: number, sideMs = 100): { readonly ring: TestRing; readonly joiner: Id; readonly sent: readonly Sent[]; readonly before: readonly Id[] } {
  const ring = TestRing.joined(120, { seed, sideMs, config: { leafSetSize: 16 } }, 100);
  const before = ring.live();
  const sent: Sent[] = [];
  ring.watch = (from, to, message) => sent.push({ from, to, message });
  const handle = ring.handle();
  ring.add(handle);
  ring.runUntil(() => ring.node(handle.id).view.ready, 60_000);
  ring.run(ring.now + 20_000);
  ring.watch = () => undefined;
  return { ring, joiner: handle.id, sent, before };
}

const ofType = <T extends PastryMessage['type']>(sent: readonly Sent[], type: T): (Sent & { message: Extract<PastryMessage, { type: T }> })[] =>
  sent.filter((each): each is Sent & { message: Extract<PastryMessage, { type: T }> } => each.message.type === type);

describe('Rowstron & Druschel 2001, §2.4: node arrival', () => {
  const { ring, joiner, sent, before } = oneMore(1);

  it('the request of a newcomer is routed to the node nearest to its id, which gives its leaf set', () => {
    const accepts = ofType(sent, 'joinAccept').filter(({ to }) => to === joiner);
    const sorted = [...before, joiner].sort();
    const at = sorted.indexOf(joiner);
    const neighbors = [sorted[(at + 1) % sorted.length], sorted[(at - 1 + sorted.length) % sorted.length]];
    expect(accepts).toHaveLength(1);
    expect(neighbors).toContain(accepts[0]!.from);
    expect(accepts[0]!.message.leaves).toHaveLength(16);
  });

  it('every node on the way gives the rows that fit, each row once', () => {
    const route = ofType(sent, 'joinRequest').map(({ to }) => to);
    const given = ofType(sent, 'joinRows');
    expect(given.map(({ from }) => from).every((from) => route.includes(from))).toBe(true);
    const rows = given.flatMap(({ message }) => message.rows.map((_, i) => message.row + i));
    expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
    expect(rows[0]).toBe(0);
    for (const { message } of given) {
      message.rows.forEach((row, i) => {
        for (const entry of row.nodes) expect(sharedPrefix(entry.id, joiner, 4)).toBeGreaterThanOrEqual(message.row + i);
      });
    }
  });

  it('the first node gives its neighborhood set, for it is near', () => {
    const [first, ...others] = ofType(sent, 'joinRows');
    expect(first!.message.neighborhood.nodes.length).toBeGreaterThan(0);
    expect(others.every(({ message }) => message.neighborhood.nodes.length === 0)).toBe(true);
  });

  it('the newcomer tells everyone in its tables, so all who need it have it', () => {
    const told = new Set(ofType(sent, 'announce').filter(({ from }) => from === joiner).map(({ to }) => to));
    const state = ring.node(joiner).state(ring.now) as unknown as { tables: { leafSet: string[]; table: Id[][] } };
    for (const leaf of state.tables.leafSet) expect(told).toContain(leaf.slice(0, 32));
    for (const leaf of ring.node(joiner).view.leaves()) expect(ring.node(leaf.id).view.leaves().map((each) => each.id)).toContain(joiner);
  });

  it('the newcomer fills every slot for which a node exists in the rows it can know', () => {
    const state = ring.node(joiner).state(ring.now) as unknown as { tables: { table: Id[][] } };
    const columns = (row: number, ids: readonly Id[]): Set<number> =>
      new Set(ids.filter((id) => id !== joiner && sharedPrefix(id, joiner, 4) === row).map((id) => digitAt(id, row, 4)));
    for (const row of [0, 1]) expect(columns(row, state.tables.table[row] ?? [])).toEqual(columns(row, before));
  });
});

describe('Castro, Druschel, Hu, Rowstron 2002: joining nearby', () => {
  it('a newcomer walks to a near node before it joins', () => {
    let ranks = 0;
    for (let seed = 1; seed <= 5; seed++) {
      const { ring, joiner, sent, before } = oneMore(seed, 300);
      const entrance = ofType(sent, 'joinRequest').find(({ from }) => from === joiner)!.to;
      const byDistance = [...before].sort((a, b) => ring.latencyMs(joiner, a) - ring.latencyMs(joiner, b));
      ranks += byDistance.indexOf(entrance);
    }
    // Of 120 nodes; a seed taken at random would stand at 60.
    expect(ranks / 5).toBeLessThan(6);
  });

  it('a newcomer sends its row l to the nodes in row l', () => {
    const { joiner, sent } = oneMore(2);
    const gossip = ofType(sent, 'announce').filter(({ from, message }) => from === joiner && message.row >= 0);
    expect(gossip.length).toBeGreaterThan(15);
    for (const { to, message } of gossip) {
      expect(sharedPrefix(to, joiner, 4)).toBe(message.row);
      for (const entry of message.entries.nodes) expect(sharedPrefix(entry.id, joiner, 4)).toBe(message.row);
    }
  });

  it('the measuring node tells the other the distance, so that one probe serves both', () => {
    const { ring, joiner, sent } = oneMore(3);
    for (const { to, message } of ofType(sent, 'announce').filter(({ from }) => from === joiner)) {
      expect(message.roundTripMs).toBeCloseTo(2 * ring.latencyMs(joiner, to), 1);
    }
  });

  it('routing-table maintenance finds nearer entries', () => {
    const ring = TestRing.filled(200, { seed: 4, sideMs: 200, config: { leafSetSize: 16, tableMaintenanceMs: 60_000 } }, 1);
    const meanMs = (): number => {
      const distances = ring.live().flatMap((id) => (ring.node(id).state(ring.now) as unknown as { tables: { table: Id[][] } }).tables.table.flat().map((entry) => ring.latencyMs(id, entry)));
      return distances.reduce((sum, ms) => sum + ms, 0) / distances.length;
    };
    const before = meanMs();
    ring.run(ring.now + 10 * 60_000);
    expect(meanMs()).toBeLessThan(0.7 * before);
  });

  it('routes of two near senders to one key soon meet', () => {
    const ring = TestRing.filled(400, { seed: 5, sideMs: 300, config: { leafSetSize: 16 } }, Infinity);
    const nodes = ring.live();
    const shares = { near: 0, far: 0 };
    for (let i = 0; i < 100; i++) {
      const sender = ring.rng.pick(nodes)!;
      const byDistance = nodes.filter((id) => id !== sender).sort((a, b) => ring.latencyMs(sender, a) - ring.latencyMs(sender, b));
      const key = ring.handle().id;
      shares.near += sharedLength(ring, key, sender, byDistance[0]!);
      shares.far += sharedLength(ring, key, sender, byDistance.at(-1)!);
    }
    expect(shares.near).toBeGreaterThan(1.5 * shares.far);
  });
});

// The share of the first sender's route, by delay, that lies behind the node at which both routes have met.
function sharedLength(ring: TestRing, key: Id, a: Id, b: Id): number {
  const routes = [a, b].map((at) => {
    const already = ring.deliveries.length;
    ring.input(at, { type: 'route', app: 'test', key, body: 0, explain: true });
    ring.run(ring.now + 2_000);
    return ring.deliveries[already]!.envelope.record!;
  });
  const [first, second] = routes as [(typeof routes)[number], (typeof routes)[number]];
  const visited = new Set([b, ...second.map((hop) => hop.to)]);
  const total = first.reduce((sum, hop) => sum + ring.latencyMs(hop.at, hop.to), 0);
  const after = first.findIndex((hop) => visited.has(hop.to));
  if (total === 0 || visited.has(a)) return 1;
  return first.slice(after + 1).reduce((sum, hop) => sum + ring.latencyMs(hop.at, hop.to), 0) / total;
}
