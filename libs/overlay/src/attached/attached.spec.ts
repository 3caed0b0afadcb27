import { id } from '@banyan/ids';
import { NOWHERE, type NodeHandle, type RoutingView } from '@banyan/kbr';
import { describe, expect, it } from 'vitest';
import { OverlayNet } from '../testing/overlay-net.ts';
import { Attached, ATTACHED_MAX, ROUTE_ANSWER_MS } from './attached.ts';

const net = (): OverlayNet<Record<never, never>> => new OverlayNet({ seed: 8, nodes: 4, applications: () => ({}) });
const payload = Uint8Array.of(1, 2, 3);
const self: NodeHandle = { id: id('0'.repeat(32)), incarnation: 1, controlAddress: '', dataAddress: '', region: '', zone: '', capacity: 1 };
const view: RoutingView = { self, ready: true, isRoot: () => true, replicaSet: () => [self], nextHops: () => [], leaves: () => [], roundTripMs: () => undefined, place: NOWHERE };

describe('an attached application', () => {
  it('is told what is routed to it and rooted here', () => {
    const ring = net();
    const [from, root] = ring.handles;
    ring.input(root!.id, { type: 'command', app: 'attached', command: { type: 'attach', name: 'echo' } });
    ring.input(from!.id, { type: 'command', app: 'attached', command: { type: 'route', requestId: 1, application: 'echo', key: root!.id, payload, explain: true, trace: 't' } });
    ring.run(ring.now + 100);
    expect(ring.events('attached', root!.id)).toMatchObject([
      { type: 'attached', name: 'echo' },
      { type: 'deliver', application: 'echo', key: root!.id, payload, origin: { id: from!.id }, hops: 1, trace: 't' },
    ]);
    expect(ring.events('attached', from!.id)).toMatchObject([{ type: 'routed', requestId: 1, root: { id: root!.id }, hops: 1, record: [{ at: from!.id, to: root!.id }] }]);
  });

  it('that is not attached at the root has its message dropped and counted', () => {
    const ring = net();
    const [from, root] = ring.handles;
    ring.input(root!.id, { type: 'command', app: 'attached', command: { type: 'attach', name: 'echo' } });
    ring.input(root!.id, { type: 'command', app: 'attached', command: { type: 'detach', name: 'echo' } });
    ring.input(from!.id, { type: 'command', app: 'attached', command: { type: 'route', requestId: 2, application: 'echo', key: root!.id, payload } });
    ring.run(ring.now + 100);
    expect(ring.events('attached', from!.id)).toMatchObject([{ type: 'routeFailed', requestId: 2, reason: 'no_application' }]);
    expect(ring.seen.filter(({ effect }) => effect.type === 'drop')).toMatchObject([{ at: root!.id, effect: { reason: 'no_application', count: 1 } }]);
  });

  it('is told when nobody answers what it routed', () => {
    const attached = new Attached(view);
    attached.handle(5, { type: 'command', command: { type: 'route', requestId: 3, application: 'echo', key: self.id, payload } });
    expect(attached.handle(5 + ROUTE_ANSWER_MS, { type: 'tick' })).toMatchObject([{ event: { type: 'routeFailed', requestId: 3, reason: 'timeout' } }]);
    expect(attached.deadline()).toBeUndefined();
  });

  it('hears of changes among the leaves', () => {
    const attached = new Attached(view);
    attached.handle(0, { type: 'command', command: { type: 'attach', name: 'a' } });
    attached.handle(0, { type: 'command', command: { type: 'attach', name: 'b' } });
    const told = attached.handle(1, { type: 'leafSetChanged', gained: [], lost: [], merged: false });
    expect(told).toMatchObject([{ event: { application: 'a' } }, { event: { application: 'b' } }]);
  });

  it('is refused when its name is taken or too many are attached', () => {
    const attached = new Attached(view);
    const attach = (name: string): unknown => attached.handle(0, { type: 'command', command: { type: 'attach', name } })[0];
    attach('a');
    expect(attach('a')).toMatchObject({ event: { type: 'refused', reason: 'already_attached' } });
    for (let i = 1; i < ATTACHED_MAX; i++) attach(`a${i}`);
    expect(attach('one more')).toMatchObject({ event: { type: 'refused', reason: 'too_many_applications' } });
  });
});
