import { id, type Id } from '@banyan/ids';
import { NOWHERE, type NodeHandle, type RoutingView, type Upcall } from '@banyan/kbr';
import { beforeEach, describe, expect, it } from 'vitest';
import { OverlayNet } from '../testing/overlay-net.ts';
import { Attached } from './attached.ts';
import { FORWARD_WAIT_MS, FORWARDS_MAX } from './forwards.ts';
import type { AttachedBody, AttachedCommand, AttachedEvent } from './messages.ts';

const node = (digit: string): NodeHandle => ({ id: id(digit.repeat(32)), incarnation: 1, controlAddress: '', dataAddress: '', region: '', zone: '', capacity: 1 });
const [self, near, nearer, origin] = [node('0'), node('8'), node('a'), node('1')];
const key = id('a'.repeat(31) + '0');
type Forward = Extract<Upcall<AttachedBody>, { readonly type: 'forward' }>;

let attached: Attached;
let hops: readonly NodeHandle[];
let counter: number;

beforeEach(() => {
  hops = [nearer, near];
  counter = 0;
  const view: RoutingView = { self, ready: true, isRoot: () => false, replicaSet: () => [self], nextHops: (_, max) => hops.slice(0, max), leaves: () => [], roundTripMs: () => undefined, place: NOWHERE };
  attached = new Attached(view);
  command({ type: 'attach', name: 'echo' });
  command({ type: 'askForwards', name: 'echo', prefixes: ['aa'] });
});

const command = (given: AttachedCommand, now = 0) => attached.handle(now, { type: 'command', command: given });
const answer = (forwardId: number, decision: Extract<AttachedCommand, { type: 'answerForward' }>['decision'], now = 0) => command({ type: 'answerForward', name: 'echo', forwardId, decision }, now);
const message = (change: { readonly key?: Id; readonly application?: string } = {}): Forward => ({
  type: 'forward',
  nextHop: nearer,
  envelope: { app: 'attached', key: change.key ?? key, origin, counter: ++counter, hops: 1, body: { type: 'message', requestId: 9, application: change.application ?? 'echo', payload: Uint8Array.of(1) } },
});
const told = (effects: ReturnType<Attached['handle']>, type: AttachedEvent['type']): AttachedEvent[] => effects.flatMap((effect) => (effect.type === 'event' && effect.event.type === type ? [effect.event] : []));
const gone = (effects: ReturnType<Attached['handle']>) => effects.filter(({ type }) => type === 'resume');
const outcomes = (effects: ReturnType<Attached['handle']>) => told(effects, 'forwarded').map((each) => each.type === 'forwarded' && each.outcome);

describe('a message on its way', () => {
  it('is offered for the asked prefixes and the own name only; everything else goes on in the same turn', () => {
    const offered = attached.handle(0, message());
    expect(offered).toMatchObject([{ type: 'event', event: { type: 'forward', forwardId: 1, application: 'echo', key, nextHop: nearer, otherHops: [near], hops: 1 } }]);
    for (const other of [message({ key: id('b'.repeat(32)) }), message({ application: 'other' })]) {
      expect(attached.handle(0, other)).toEqual([{ type: 'resume', envelope: other.envelope, nextHop: nearer }]);
    }
    command({ type: 'attach', name: 'silent' });
    expect(gone(attached.handle(0, message({ application: 'silent' })))).toHaveLength(1); // off by default
  });

  it('goes on as the application says: unchanged, changed, by another hop that makes progress', () => {
    const sent = [message(), message(), message()];
    for (const each of sent) attached.handle(0, each);
    expect(gone(answer(1, { type: 'pass' }))).toEqual([{ type: 'resume', envelope: sent[0]!.envelope }]);
    expect(gone(answer(2, { type: 'pass', payload: Uint8Array.of(2) }))).toMatchObject([{ envelope: { body: { requestId: 9, payload: Uint8Array.of(2) } } }]);
    const redirected = answer(3, { type: 'pass', nextHop: near.id });
    expect([gone(redirected), outcomes(redirected)]).toEqual([[{ type: 'resume', envelope: sent[2]!.envelope, nextHop: near }], ['redirected']]);
  });

  it('ends when the application stops it, and who routed it is told', () => {
    attached.handle(0, message());
    const stopped = answer(1, { type: 'stop' });
    expect(gone(stopped)).toEqual([]);
    expect(stopped).toContainEqual({ type: 'direct', to: origin, body: { type: 'answer', requestId: 9, delivered: false, stopped: true, hops: 1 } });
  });

  it('goes on unchanged, and the answer is refused, where the chosen hop makes no progress, or none any more', () => {
    const sent = message();
    attached.handle(0, sent);
    hops = [nearer];
    const refused = answer(1, { type: 'pass', nextHop: near.id, payload: Uint8Array.of(2) });
    expect(told(refused, 'answerRefused')).toMatchObject([{ forwardId: 1, reason: 'no_progress' }]);
    expect(gone(refused)).toEqual([{ type: 'resume', envelope: sent.envelope }]);
  });

  it('goes on unchanged after 100 ms, and a late answer is refused', () => {
    const sent = message();
    attached.handle(5, sent);
    expect(attached.deadline()).toBe(5 + FORWARD_WAIT_MS);
    const late = attached.handle(5 + FORWARD_WAIT_MS, { type: 'tick' });
    expect([gone(late), outcomes(late)]).toEqual([[{ type: 'resume', envelope: sent.envelope }], ['app_timeout']]);
    expect(told(answer(1, { type: 'stop' }, 200), 'answerRefused')).toMatchObject([{ reason: 'unknown_forward' }]);
    expect(attached.deadline()).toBeUndefined();
  });

  it('goes on at once while 1,024 wait for the application', () => {
    for (let i = 0; i < FORWARDS_MAX; i++) expect(told(attached.handle(0, message()), 'forward')).toHaveLength(1);
    const one = attached.handle(0, message());
    expect([gone(one).length, outcomes(one)]).toEqual([1, ['app_full']]);
    answer(1, { type: 'pass' });
    expect(told(attached.handle(0, message()), 'forward')).toHaveLength(1);
  });

  it('goes on when the application detaches or asks no more', () => {
    for (const leave of [{ type: 'askForwards', name: 'echo', prefixes: [] }, { type: 'detach', name: 'echo' }] as const) {
      command({ type: 'askForwards', name: 'echo', prefixes: [''] });
      attached.handle(0, message());
      attached.handle(0, message());
      const left = command(leave);
      expect([gone(left).length, outcomes(left)]).toEqual([2, ['app_gone', 'app_gone']]);
      expect(gone(attached.handle(0, message()))).toHaveLength(1);
    }
  });

  it('may be answered by the application it was offered to only', () => {
    attached.handle(0, message());
    command({ type: 'attach', name: 'other' });
    expect(told(command({ type: 'answerForward', name: 'other', forwardId: 1, decision: { type: 'stop' } }), 'answerRefused')).toHaveLength(1);
    expect(gone(answer(1, { type: 'pass' }))).toHaveLength(1);
  });
});

it('keeps a message that waits in its own care: the hop before has its acknowledgement and sends no second time', () => {
  const ring = new OverlayNet<Record<never, never>>({ seed: 8, nodes: 4, applications: () => ({}) });
  const [from, root] = ring.handles;
  const tell = (at: Id, given: AttachedCommand): void => ring.input(at, { type: 'command', app: 'attached', command: given });
  tell(root!.id, { type: 'attach', name: 'echo' });
  tell(from!.id, { type: 'attach', name: 'echo' });
  tell(from!.id, { type: 'askForwards', name: 'echo', prefixes: [''] });
  tell(from!.id, { type: 'route', requestId: 1, application: 'echo', key: root!.id, payload: Uint8Array.of(1) });
  ring.run(ring.now + 50);
  expect(ring.events('attached', from!.id)).toMatchObject([{ type: 'attached' }, { type: 'forward', nextHop: { id: root!.id } }]);
  ring.run(ring.now + 100);
  expect(ring.events('attached', root!.id)).toMatchObject([{ type: 'attached' }, { type: 'deliver', hops: 1 }]);
  expect(ring.events('attached', from!.id).at(-1)).toMatchObject({ type: 'routed', hops: 1 });
});
