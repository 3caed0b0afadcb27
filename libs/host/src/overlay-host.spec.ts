import { closestTo, randomId, type Id } from '@banyan/ids';
import { keyOfName } from '@banyan/identity';
import { seededRng } from '@banyan/sansio';
import { afterEach, describe, expect, it } from 'vitest';
import type { OverlayHost } from './overlay-host.ts';
import { HostRing } from './testing/host-ring.ts';

let ring: HostRing | undefined;

afterEach(async () => {
  await ring?.stop();
  ring = undefined;
});

function rootOf(key: Id): OverlayHost {
  const hosts = ring?.hosts ?? [];
  const id = closestTo(key, hosts.map(({ self }) => self.id));
  return hosts.find(({ self }) => self.id === id)!;
}

describe('one host', () => {
  it('is the root of every key in a ring of its own', async () => {
    ring = await HostRing.of(1);
    const [host] = ring.hosts;
    const answer = await host!.lookup(keyOfName('anything'));
    expect(answer).toMatchObject({ root: host!.self, hops: 0 });
    expect(host!.state()).toMatchObject({ ready: true, self: host!.self });
    expect(host!.state().digest).toMatch(/^[0-9a-f]{16}$/);
  });

  it('says NOT_READY before it is in a ring', async () => {
    ring = await HostRing.of(0);
    const pending = ring.add();
    await pending;
    const lonely = ring.hosts[0]!;
    await lonely.stop();
    await expect(lonely.lookup(keyOfName('x'))).rejects.toMatchObject({ reason: 'NOT_READY' });
  });
});

describe('five hosts', () => {
  it('join, look up, trace and route over real links', async () => {
    ring = await HostRing.of(5);
    const rng = seededRng(3);
    for (let i = 0; i < 20; i++) {
      const key = randomId(rng);
      const from = rng.pick(ring.hosts)!;
      const { root, hops, replicas } = await from.lookup(key, { replicas: 3 });
      expect(root.id).toBe(rootOf(key).self.id);
      expect(replicas).toHaveLength(3);
      expect(hops).toBeLessThanOrEqual(2);
    }
    const key = keyOfName('somewhere');
    const from = ring.hosts.find((host) => host !== rootOf(key))!;
    const trace = await from.trace(key);
    expect(trace.hops.at(-1)).toMatchObject({ to: rootOf(key).self.id, rule: 'leaf-set' });
    expect(trace.hops[0]).toMatchObject({ at: from.self.id });
  });

  it('route a payload to an attached application and tell what became of it', async () => {
    ring = await HostRing.of(3);
    const key = keyOfName('echo');
    const root = rootOf(key);
    const from = ring.hosts.find((host) => host !== root)!;
    const message = { key, application: 'echo', payload: Buffer.from('hello') };
    await expect(from.route(message)).rejects.toMatchObject({ reason: 'NO_APPLICATION' });
    const attachment = root.attach('echo');
    expect(() => root.attach('echo')).toThrow(expect.objectContaining({ reason: 'APPLICATION_TAKEN' }));
    expect(() => root.attach('not a name')).toThrow(expect.objectContaining({ reason: 'NAME_INVALID' }));
    const answer = await from.route(message);
    expect(answer).toMatchObject({ root: { id: root.self.id }, hops: [{ at: from.self.id, to: root.self.id }] });
    for await (const event of attachment) {
      expect(event).toMatchObject({ type: 'deliver', key, payload: Buffer.from('hello'), origin: { id: from.self.id }, hops: 1 });
      break;
    }
    await expect(from.route(message)).rejects.toMatchObject({ reason: 'NO_APPLICATION' });
    await expect(from.route({ ...message, payload: Buffer.alloc(70_000) })).rejects.toMatchObject({ reason: 'PAYLOAD_TOO_LARGE' });
  });

  it('tell who watches of those who come and go', async () => {
    ring = await HostRing.of(2);
    const [first, second] = ring.hosts as [OverlayHost, OverlayHost];
    const watch = first.watchNeighbors()[Symbol.asyncIterator]();
    expect((await watch.next()).value).toMatchObject({ ready: true, leaves: [{ id: second.self.id }] });
    const third = await ring.add();
    expect((await watch.next()).value).toMatchObject({ gained: [{ id: third.self.id }] });
    await third.leave(1_000);
    expect((await watch.next()).value).toMatchObject({ lost: [{ id: third.self.id }] });
    await first.stop();
    await expect(watch.next()).rejects.toMatchObject({ reason: 'STOPPING' });
  });

  it('ask a seed of which only the address is known who it is', async () => {
    ring = await HostRing.of(2);
    const [first, second] = ring.hosts as [OverlayHost, OverlayHost];
    expect(await second.discover(first.self.controlAddress)).toEqual(first.self);
  });
});
