import { id, type Id } from '@banyan/ids';
import { HOPS_MAX, NOWHERE, type Envelope, type Geometry, type Hop, type NodeHandle } from '@banyan/kbr';
import { describe, expect, it } from 'vitest';
import { DEFAULT_HOP_DELIVERY_CONFIG, type HopDeliveryConfig } from './config.ts';
import { HopDelivery, type HopEffect } from './hop-delivery.ts';

const node = (digit: string): NodeHandle => ({ id: id(digit.repeat(32)), incarnation: 1, controlAddress: '', dataAddress: '', region: '', zone: '', capacity: 1 });
const [self, a, b, root] = [node('0'), node('a'), node('b'), node('f')];
const key = root.id;

/** A geometry of preferences: the first hop that is not excluded; a last hop is never gone around. */
class Preferences implements Geometry {
  readonly self = self;
  hops: readonly Hop[];
  /** By which an unreachable root is reached. */
  around: Hop | undefined;

  constructor(...hops: readonly Hop[]) {
    this.hops = hops;
  }

  nextHop(_key: Id, excluded: ReadonlySet<Id>): Hop | undefined {
    const hop = this.hops.find((each) => each.last === true || !excluded.has(each.to.id));
    return hop?.last === true && excluded.has(hop.to.id) ? undefined : hop;
  }

  makesProgress(_key: Id, to: NodeHandle): boolean {
    return to.id > self.id;
  }

  isNearer(_key: Id, one: NodeHandle, other: NodeHandle): boolean {
    return one.id > other.id;
  }

  detour(): Hop | undefined {
    return this.around;
  }
}

const via = (to: NodeHandle): Hop => ({ to, rule: 'routing-table', row: 0, column: 10 });
const last = (to: NodeHandle): Hop => ({ to, rule: 'leaf-set', last: true });
const here: Hop = { to: self, rule: 'self' };

function deliveryOver(geometry: Geometry, config: Partial<HopDeliveryConfig> = {}): HopDelivery {
  return new HopDelivery({ geometry, config: { ...DEFAULT_HOP_DELIVERY_CONFIG, ...config }, timeoutMs: () => 250, place: () => NOWHERE, roundTripMs: () => 20 });
}

/** Routes a message of our own past the forward. */
function route(hops: HopDelivery, now = 0, explain = false): readonly HopEffect[] {
  return hops.originate(now, { app: 'x', key, body: 'b', explain }).flatMap((effect) => (effect.type === 'forward' ? hops.resume(now, effect.envelope, effect.nextHop) : [effect]));
}

const sends = (effects: readonly HopEffect[]): Extract<HopEffect, { type: 'send' }>[] => effects.filter((each) => each.type === 'send');
const types = (effects: readonly HopEffect[]): string[] => effects.map((each) => (each.type === 'drop' ? `drop ${each.reason}` : each.type));
const envelope = (change: Partial<Envelope> = {}): Envelope => ({ app: 'x', key, body: 'b', origin: a, counter: 1, hops: 1, ...change });

describe('a message that its application kept', () => {
  it('goes on without a hop of its choice as routing sees it now: onward, to us, or to wait', () => {
    const geometry = new Preferences(via(a));
    const hops = deliveryOver(geometry);
    expect(sends(hops.resume(0, envelope()))).toMatchObject([{ to: a, hop: { rule: 'routing-table' } }]);
    geometry.hops = [here];
    expect(types(hops.resume(0, envelope({ counter: 2 })))).toEqual(['deliver']);
    expect(types(hops.resume(0, envelope({ counter: 2 })))).toEqual(['drop duplicate']);
    geometry.hops = [];
    expect(hops.resume(0, envelope({ counter: 3 }))).toEqual([]);
    expect(hops.load()).toMatchObject({ parked: 1 });
  });
});

describe('a message of our own', () => {
  it('is offered to its application before it leaves, and tells the attempt', () => {
    const hops = deliveryOver(new Preferences(via(a)));
    expect(hops.originate(0, { app: 'x', key, body: 'b' })).toMatchObject([{ type: 'forward', nextHop: a, envelope: { hops: 0, counter: 1 } }]);
    expect(route(hops, 5, true)).toMatchObject([
      {
        type: 'send',
        to: a,
        message: { type: 'envelope', envelope: { hops: 1, record: [{ at: self.id, to: a.id, rule: 'routing-table', row: 0, roundTripMs: 20, waitMs: 0 }] } },
        hop: { index: 1, attempt: 1, rule: 'routing-table' },
      },
    ]);
  });

  it('is delivered at once when we are its root', () => {
    expect(route(deliveryOver(new Preferences(here)))).toMatchObject([{ type: 'deliver', envelope: { hops: 0 } }]);
  });

  it('is refused when too many are on their way', () => {
    const hops = deliveryOver(new Preferences(via(a)), { unackedMax: 1 });
    route(hops);
    expect(types(route(hops))).toEqual(['drop unacked_full']);
  });
});

describe('an acknowledgement', () => {
  it('ends the hop and measures the peer', () => {
    const hops = deliveryOver(new Preferences(via(a)));
    route(hops, 0);
    expect(hops.receive(30, a, { type: 'hopAck', hopId: 1 })).toEqual([
      { type: 'hopDone', hopId: 1, outcome: 'acknowledged', roundTripMs: 30 },
      { type: 'measured', peer: a.id, roundTripMs: 30 },
    ]);
    expect([hops.next(), hops.load().unacked]).toEqual([Infinity, 0]);
  });

  it('of another peer, or of no hop of ours, means nothing', () => {
    const hops = deliveryOver(new Preferences(via(a)));
    route(hops, 0);
    expect(hops.receive(30, b, { type: 'hopAck', hopId: 1 })).toEqual([]);
    expect(hops.receive(30, a, { type: 'hopAck', hopId: 7 })).toEqual([]);
  });

  it('after a retransmission measures nothing (Karn)', () => {
    const hops = deliveryOver(new Preferences(last(root)));
    route(hops, 0);
    hops.tick(250);
    expect(types(hops.receive(260, root, { type: 'hopAck', hopId: 1 }))).toEqual(['hopDone']);
  });
});

describe('a silent next hop', () => {
  it('is suspected and gone around', () => {
    const hops = deliveryOver(new Preferences(via(a), via(b)));
    route(hops, 0);
    const effects = hops.tick(250);
    expect(types(effects)).toEqual(['suspect', 'hopDone', 'send']);
    expect(sends(effects)).toMatchObject([{ to: b, hop: { attempt: 2, index: 1, waitMs: 250 } }]);
  });

  it('is asked again when nobody else makes progress', () => {
    const hops = deliveryOver(new Preferences(via(a)));
    route(hops, 0);
    const [again] = sends(hops.tick(250));
    expect(again).toMatchObject({ to: a, message: { hopId: 1 } });
    expect(hops.next()).toBe(250 + 500);
  });

  it('that is the root is asked again with the same hop, even when another would be the root by now', () => {
    const geometry = new Preferences(last(root));
    const hops = deliveryOver(geometry);
    route(hops, 0);
    geometry.hops = [last(b)];
    expect(sends(hops.tick(250))).toMatchObject([{ to: root, message: { hopId: 1 } }]);
  });

  it('that looked like the root gives way to one that is nearer to the key', () => {
    const geometry = new Preferences(last(b));
    const hops = deliveryOver(geometry);
    route(hops, 0);
    geometry.hops = [last(a)];
    expect(sends(hops.tick(250))).toMatchObject([{ to: b, message: { hopId: 1 } }]);
    geometry.hops = [last(root)];
    const effects = hops.tick(hops.next());
    expect(types(effects)).toEqual(['suspect', 'hopDone', 'send']);
    expect(sends(effects)).toMatchObject([{ to: root, hop: { attempt: 2 } }]);
  });

  it('that is the root, and out of reach from here only, is reached by way of another after a while', () => {
    const geometry = new Preferences(last(root));
    const hops = deliveryOver(geometry, { detourMs: 1_000 });
    route(hops, 0);
    geometry.around = via(a);
    expect(sends(hops.tick(250))).toMatchObject([{ to: root, message: { hopId: 1 } }]);
    expect(sends(hops.tick(750))).toMatchObject([{ to: root, message: { hopId: 1 } }]);
    const effects = hops.tick(hops.next());
    expect(types(effects)).toEqual(['suspect', 'hopDone', 'send']);
    expect(sends(effects)).toMatchObject([{ to: a, hop: { attempt: 2 } }]);
  });

  it('that is the root is replaced once it is dead', () => {
    const geometry = new Preferences(last(root));
    const hops = deliveryOver(geometry);
    route(hops, 0);
    geometry.hops = [here];
    expect(types(hops.peerLost(300, root))).toEqual(['hopDone', 'deliver']);
  });

  it('is given up in the end', () => {
    const hops = deliveryOver(new Preferences(last(root)), { giveUpMs: 2_000 });
    route(hops, 0);
    const all: HopEffect[] = [];
    while (hops.next() !== Infinity) all.push(...hops.tick(hops.next()));
    expect(types(all).at(-1)).toBe('drop hop_gave_up');
    expect(hops.load().unacked).toBe(0);
  });
});

describe('a message of another', () => {
  it('is acknowledged, then passed on', () => {
    const hops = deliveryOver(new Preferences(via(b)));
    expect(types(hops.receive(0, a, { type: 'envelope', hopId: 3, envelope: envelope() }))).toEqual(['send', 'forward']);
  });

  it('that comes again on the same hop is acknowledged only', () => {
    const hops = deliveryOver(new Preferences(here));
    const message = { type: 'envelope', hopId: 3, envelope: envelope() } as const;
    expect(types(hops.receive(0, a, message))).toEqual(['send', 'deliver']);
    expect(types(hops.receive(9, a, message))).toEqual(['send']);
  });

  it('is delivered once, by whichever ways it comes', () => {
    const hops = deliveryOver(new Preferences(here));
    hops.receive(0, a, { type: 'envelope', hopId: 3, envelope: envelope() });
    expect(types(hops.receive(9, b, { type: 'envelope', hopId: 8, envelope: envelope({ hops: 2 }) }))).toEqual(['send', 'drop duplicate']);
    expect(types(hops.receive(9, b, { type: 'envelope', hopId: 9, envelope: envelope({ counter: 2 }) }))).toEqual(['send', 'deliver']);
  });

  it('that a former root of its key has delivered is not delivered again', () => {
    const former = deliveryOver(new Preferences(here));
    former.receive(0, a, { type: 'envelope', hopId: 3, envelope: envelope() });
    const names = former.handOver(10, () => true);
    expect([names.length, former.handOver(10, () => false), former.handOver(10 + DEFAULT_HOP_DELIVERY_CONFIG.seenForMs, () => true)]).toEqual([1, [], []]);
    const next = deliveryOver(new Preferences(here));
    next.takeOver(20, names);
    expect(types(next.receive(30, b, { type: 'envelope', hopId: 1, envelope: envelope() }))).toEqual(['send', 'drop duplicate']);
  });

  it('never goes straight back: where two nodes take each other for the root it waits for them to agree', () => {
    const geometry = new Preferences(last(a));
    const hops = deliveryOver(geometry);
    expect(types(hops.receive(0, a, { type: 'envelope', hopId: 3, envelope: envelope() }))).toEqual(['send']);
    expect(hops.load().parked).toBe(1);
    geometry.hops = [here];
    expect(types(hops.retryParked(100))).toEqual(['deliver']);
  });

  it('ends at the hop cap', () => {
    const hops = deliveryOver(new Preferences(via(b)));
    expect(types(hops.receive(0, a, { type: 'envelope', hopId: 3, envelope: envelope({ hops: HOPS_MAX }) }))).toEqual(['send', 'drop hops_max']);
  });

  it('is not acknowledged when there is no room for it, so that its sender keeps it', () => {
    const hops = deliveryOver(new Preferences(via(b)), { unackedMax: 1 });
    route(hops);
    const message = { type: 'envelope', hopId: 3, envelope: envelope() } as const;
    expect(types(hops.receive(0, a, message))).toEqual(['drop unacked_full']);
    hops.receive(1, b, { type: 'hopAck', hopId: 1 });
    expect(types(hops.receive(2, a, message))).toEqual(['send', 'forward']);
  });
});

describe('a message that can go nowhere yet', () => {
  it('waits until its root is known', () => {
    const geometry = new Preferences();
    const hops = deliveryOver(geometry);
    expect(route(hops)).toEqual([]);
    expect(hops.load().parked).toBe(1);
    geometry.hops = [here];
    expect(types(hops.retryParked(100))).toEqual(['deliver']);
  });

  it('is tried again by itself and given up in the end', () => {
    const hops = deliveryOver(new Preferences(), { parkedForMs: 2_000 });
    route(hops);
    const all: HopEffect[] = [];
    while (hops.next() !== Infinity) all.push(...hops.tick(hops.next()));
    expect(types(all)).toEqual(['drop parked_too_long']);
  });
});

describe('an application', () => {
  it('may choose another hop that makes progress, and no other', () => {
    const hops = deliveryOver(new Preferences(via(a)));
    const offered = hops.originate(0, { app: 'x', key, body: 'b' })[0] as Extract<HopEffect, { type: 'forward' }>;
    expect(hops.resume(0, { ...offered.envelope, body: 'other' }, b)).toMatchObject([{ type: 'send', to: b, hop: { rule: 'application' }, message: { envelope: { body: 'other' } } }]);
    expect(types(hops.resume(0, offered.envelope, self))).toEqual(['drop no_progress']);
  });
});
