import { closestTo, randomId, type Id } from '@banyan/ids';
import type { Upcall } from '@banyan/kbr';
import { describe, expect, it } from 'vitest';
import { OverlayNet } from './testing/overlay-net.ts';
import { RecorderApp } from './testing/recorder-app.ts';

function upcalls(net: OverlayNet<{ app: RecorderApp }>, type: Upcall<string>['type']): { at: Id; event: Upcall<string> }[] {
  return net.seen.flatMap(({ at, effect }) => (effect.type === 'event' && effect.app === 'app' && effect.event.type === type ? [{ at, event: effect.event }] : []));
}

function ring(intercepts: boolean, app = (): RecorderApp => new RecorderApp(intercepts)): OverlayNet<{ app: RecorderApp }> {
  return new OverlayNet({ seed: 3, nodes: 5, applications: () => ({ app: app() }) });
}

function farKey(net: OverlayNet<{ app: RecorderApp }>, from: Id): { key: Id; root: Id } {
  for (;;) {
    const key = randomId(net.rng);
    const root = closestTo(key, net.handles.map((handle) => handle.id))!;
    if (root !== from) return { key, root };
  }
}

describe('an overlay node', () => {
  it('delivers to the application the envelope names, at the root, and tells the shell', () => {
    const net = ring(false);
    const from = net.handles[0]!.id;
    const { key, root } = farKey(net, from);
    net.input(from, { type: 'command', app: 'app', command: { type: 'route', key, body: 'hello', trace: '00-aa-bb-01' } });
    net.run(net.now + 1_000);
    expect(upcalls(net, 'deliver')).toMatchObject([{ at: root, event: { envelope: { key, body: 'hello', app: 'app', hops: 1 } } }]);
    expect(net.seen.filter(({ effect }) => effect.type === 'delivered')).toMatchObject([{ at: root, effect: { app: 'app', hops: 1, trace: '00-aa-bb-01' } }]);
  });

  it('resumes a forward at once when the application does not intercept', () => {
    const net = ring(false);
    const from = net.handles[0]!.id;
    net.input(from, { type: 'command', app: 'app', command: { type: 'route', key: farKey(net, from).key, body: 'x' } });
    net.run(net.now + 1_000);
    expect(upcalls(net, 'forward')).toEqual([]);
  });

  it('lets an intercepting application change the body or stop the message', () => {
    const changing = ring(true, () => new RecorderApp(true, (forward) => [{ type: 'resume', envelope: { ...forward.envelope, body: 'changed' }, nextHop: forward.nextHop }]));
    const from = changing.handles[0]!.id;
    const { key, root } = farKey(changing, from);
    changing.input(from, { type: 'command', app: 'app', command: { type: 'route', key, body: 'x' } });
    changing.run(changing.now + 1_000);
    expect(upcalls(changing, 'deliver')).toMatchObject([{ at: root, event: { envelope: { body: 'changed' } } }]);

    const stopping = ring(true, () => new RecorderApp(true, () => []));
    stopping.input(from, { type: 'command', app: 'app', command: { type: 'route', key, body: 'x' } });
    stopping.run(stopping.now + 1_000);
    expect(upcalls(stopping, 'forward')).toHaveLength(1);
    expect(upcalls(stopping, 'deliver')).toEqual([]);
  });

  it('refuses a hop chosen by an application that makes no progress', () => {
    const net = ring(true, () => new RecorderApp(true, (forward) => [{ type: 'resume', envelope: forward.envelope, nextHop: forward.envelope.origin }]));
    const from = net.handles[0]!.id;
    net.input(from, { type: 'command', app: 'app', command: { type: 'route', key: farKey(net, from).key, body: 'x' } });
    expect(net.seen.at(-1)?.effect).toEqual({ type: 'drop', reason: 'no_progress', count: 1 });
  });

  it('carries direct messages between the same application of two nodes', () => {
    const net = ring(false);
    const [a, b] = net.handles;
    net.input(a!.id, { type: 'command', app: 'app', command: { type: 'direct', to: b!, body: 'psst' } });
    net.run(net.now + 100);
    expect(upcalls(net, 'direct')).toMatchObject([{ at: b!.id, event: { from: { id: a!.id }, body: 'psst' } }]);
  });

  it('tells every application and the shell when leaves come and peers die', () => {
    const net = ring(false);
    expect(upcalls(net, 'leafSetChanged').length).toBeGreaterThan(0);
    expect(upcalls(net, 'readyChanged')).toHaveLength(5);
    const dead = net.handles[2]!.id;
    net.crash(dead);
    net.run(net.now + 30_000);
    const witnesses = new Set(upcalls(net, 'peerDead').map(({ at }) => at));
    expect(witnesses.size).toBe(4);
    expect(net.seen.some(({ effect }) => effect.type === 'peerDead' && effect.peer.id === dead)).toBe(true);
  });

  it('gives link inputs to the application they name and its downcalls to the shell under its name', () => {
    const net = ring(false);
    const [a, b] = net.handles;
    net.input(a!.id, { type: 'linkUp', app: 'app', peer: b!, link: 4, dialled: true });
    expect(upcalls(net, 'linkUp')).toMatchObject([{ at: a!.id, event: { link: 4, dialled: true } }]);
    net.input(a!.id, { type: 'command', app: 'app', command: { type: 'dial', to: b! } });
    expect(net.seen.at(-1)?.effect).toMatchObject({ type: 'dial', app: 'app', to: { id: b!.id } });
    net.input(a!.id, { type: 'command', app: 'app', command: { type: 'peerFault', peer: b!, fault: 'bad_frame' } });
    expect(net.seen.at(-1)?.effect).toMatchObject({ type: 'peerFault', fault: 'bad_frame' });
  });

  it('probes a peer that an application suspects', () => {
    const net = ring(false);
    const [a, b] = net.handles;
    net.input(a!.id, { type: 'command', app: 'app', command: { type: 'suspect', peer: b! } });
    expect(net.seen.at(-1)?.effect).toMatchObject({ type: 'send', to: { id: b!.id }, message: { type: 'ping' } });
  });
});
