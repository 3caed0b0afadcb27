import { closestTo, compareDistance, randomId } from '@banyan/ids';
import { describe, expect, it } from 'vitest';
import { OverlayNet } from '../testing/overlay-net.ts';

const net = (): OverlayNet<Record<never, never>> => new OverlayNet({ seed: 5, nodes: 6, applications: () => ({}) });

describe('a lookup', () => {
  it('names the root and the replica set, closest first', () => {
    const ring = net();
    const ids = ring.handles.map((handle) => handle.id);
    for (let requestId = 1; requestId <= 20; requestId++) {
      const key = randomId(ring.rng);
      const at = ids[requestId % ids.length]!;
      ring.input(at, { type: 'command', app: 'lookup', command: { type: 'lookup', requestId, key, replicas: 3 } });
      ring.run(ring.now + 100);
      const closest = [...ids].sort((a, b) => compareDistance(key, a, b)).slice(0, 3);
      const found = ring.events('lookup', at).at(-1) as { replicaSet: { id: string }[] };
      expect(found).toMatchObject({ type: 'found', requestId, key, root: { id: closest[0] }, hops: closest[0] === at ? 0 : 1 });
      expect(found.replicaSet.map((replica) => replica.id)).toEqual(closest);
    }
  });

  it('is asked again when its answer is lost', () => {
    const ring = net();
    const at = ring.handles[0]!.id;
    let lost = 0;
    ring.loses = (_from, _to, type) => type === 'direct' && lost++ < 2;
    const key = ring.handles[1]!.id;
    ring.input(at, { type: 'command', app: 'lookup', command: { type: 'lookup', requestId: 1, key, replicas: 1 } });
    ring.run(ring.now + 10_000);
    expect(ring.events('lookup', at)).toMatchObject([{ type: 'found', root: { id: key } }]);
    expect(lost).toBe(3);
  });

  it('is asked again the sooner the quicker answers were before', () => {
    const ring = net();
    const at = ring.handles[0]!.id;
    const key = ring.handles[1]!.id;
    const ask = (requestId: number): void => ring.input(at, { type: 'command', app: 'lookup', command: { type: 'lookup', requestId, key, replicas: 1 } });
    const answeredAt = (requestId: number): number => {
      const askedAt = ring.now;
      let lost = 0;
      ring.loses = (_from, _to, type) => type === 'direct' && lost++ < 1;
      ask(requestId);
      while (ring.events('lookup', at).length < requestId) ring.run(ring.now + 10);
      return ring.now - askedAt;
    };
    expect(answeredAt(1)).toBeGreaterThanOrEqual(2_000);
    ring.loses = () => false;
    ask(2);
    ring.run(ring.now + 1_000);
    expect(answeredAt(3)).toBeLessThan(1_500);
  });

  it('fails with a reason when nobody answers', () => {
    const ring = net();
    const at = ring.handles[0]!.id;
    ring.loses = (_from, _to, type) => type === 'direct';
    ring.input(at, { type: 'command', app: 'lookup', command: { type: 'lookup', requestId: 7, key: ring.handles[1]!.id, replicas: 1 } });
    ring.run(ring.now + 70_000);
    expect(ring.events('lookup', at)).toMatchObject([{ type: 'failed', requestId: 7, reason: 'timeout' }]);
  });
});

describe('a trace', () => {
  it('tells every hop with the rule that chose it', () => {
    const ring = net();
    const at = ring.handles[0]!.id;
    const key = randomId(ring.rng);
    const root = closestTo(key, ring.handles.map((handle) => handle.id))!;
    ring.input(at, { type: 'command', app: 'lookup', command: { type: 'trace', requestId: 2, key, dryRun: true } });
    ring.run(ring.now + 100);
    const hop = { at, to: root, rule: 'leaf-set' };
    expect(ring.events('lookup', at)).toMatchObject([{ type: 'found', root: { id: root }, record: root === at ? [] : [hop] }]);
  });

  it('arrives at the root unless it is a dry run', () => {
    const ring = net();
    const at = ring.handles[0]!.id;
    const key = ring.handles[3]!.id;
    ring.input(at, { type: 'command', app: 'lookup', command: { type: 'trace', requestId: 1, key, dryRun: false } });
    ring.input(at, { type: 'command', app: 'lookup', command: { type: 'trace', requestId: 2, key, dryRun: true } });
    ring.run(ring.now + 100);
    expect(ring.events('lookup', key)).toMatchObject([{ type: 'traceArrived', key, from: { id: at }, hops: 1 }]);
  });
});
