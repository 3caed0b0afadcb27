import { id, type Id } from '@banyan/ids';
import { NOWHERE, type NodeHandle } from '@banyan/kbr';
import { seededRng } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import { DEFAULT_PEERS_CONFIG } from './config.ts';
import type { PeerMessage } from './messages.ts';
import { Peers, type PeerEffect } from './peers.ts';

const node = (digit: string, incarnation = 1): NodeHandle => ({
  id: id(digit.padEnd(32, digit)),
  incarnation,
  controlAddress: digit,
  dataAddress: '',
  region: '',
  zone: '',
  capacity: 1,
});
const [self, peer, helper] = [node('0'), node('1'), node('2')];

function peersOf(helpers: readonly NodeHandle[] = [], config = DEFAULT_PEERS_CONFIG, isHurried = false): Peers {
  return new Peers({ self, config, helpers: () => helpers, keeps: () => false, wants: () => true, isHurried: () => isHurried, rng: seededRng(1) });
}

/** Lets time pass, alarm by alarm, and gathers what comes of it. */
function until(peers: Peers, end: number): PeerEffect[] {
  const effects: PeerEffect[] = [];
  for (let now = peers.next(); now <= end; now = peers.next()) {
    effects.push(...peers.tick(now));
    expect(peers.next()).toBeGreaterThan(now);
  }
  return effects;
}

const pings = (effects: readonly PeerEffect[]): number[] => effects.flatMap((each) => (each.type === 'send' && each.message.type === 'ping' ? [each.message.nonce] : []));
const ends = (effects: readonly PeerEffect[]): PeerEffect[] => effects.filter((each) => each.type !== 'send');

describe('lives', () => {
  it('a newer life wins, an older one is ignored', () => {
    const peers = peersOf();
    expect(peers.heard(0, node('1', 5))).toEqual({ type: 'current' });
    expect(peers.heard(1, node('1', 4))).toEqual({ type: 'stale' });
    expect(peers.heard(2, node('1', 6))).toEqual({ type: 'restarted', former: node('1', 5) });
    expect(peers.isShunned(3, node('1', 5))).toBe(true);
    expect(peers.isShunned(3, node('1', 6))).toBe(false);
  });

  it('a dead life is shunned for a while, a newer one is not, and one that speaks was not dead', () => {
    const peers = peersOf();
    peers.bury(0, node('1', 5));
    expect(peers.isShunned(1, node('1', 5))).toBe(true);
    expect(peers.isShunned(1, node('1', 6))).toBe(false);
    expect(peers.failedAmong(1, () => true)).toEqual([{ id: peer.id, incarnation: 5 }]);
    expect(peers.isShunned(DEFAULT_PEERS_CONFIG.failedForMs, node('1', 5))).toBe(false);
    peers.bury(2, node('1', 5));
    expect(peers.heard(3, node('1', 5))).toEqual({ type: 'revived' });
    expect(peers.isShunned(4, node('1', 5))).toBe(false);
  });

  it('a leaf that was out of reach is tried again after a while, whatever else is gone around', () => {
    const peers = peersOf();
    peers.markUnreachable(0, node('1', 5));
    const { quarantineMs } = DEFAULT_PEERS_CONFIG;
    expect([peers.isQuarantined(quarantineMs - 1, node('1', 5)), peers.isQuarantined(quarantineMs, node('1', 5))]).toEqual([true, false]);
    expect(peers.isShunned(quarantineMs, node('1', 5))).toBe(true);
  });

  it('remembers a bounded number of the dead and of the known', () => {
    const peers = peersOf([], { ...DEFAULT_PEERS_CONFIG, failedMax: 3, recordsMax: 3 });
    for (let i = 1; i <= 6; i++) {
      peers.heard(i, node(String(i)));
      peers.bury(i, node(String(i)));
    }
    expect(peers.failedAmong(7, () => true).map((life) => life.id[0])).toEqual(['6', '5', '4']);
    expect([peers.heardAt(node('1').id), peers.heardAt(node('6').id)]).toEqual([undefined, 6]);
  });

  it('keeps those of its tables, and does not look at them again for every stranger', () => {
    let asked = 0;
    const keeps = (peer: Id): boolean => {
      asked++;
      return peer < '8';
    };
    const peers = new Peers({ self, config: { ...DEFAULT_PEERS_CONFIG, recordsMax: 100 }, helpers: () => [], keeps, wants: () => true, isHurried: () => false, rng: seededRng(1) });
    const members = Array.from({ length: 90 }, (_, i) => node(`1${String(i).padStart(3, '0')}`));
    const strangers = Array.from({ length: 1_000 }, (_, i) => node(`9${String(i).padStart(4, '0')}`));
    for (const member of [...members, ...strangers]) peers.heard(1, member);
    expect(members.every(({ id }) => peers.heardAt(id) === 1)).toBe(true);
    expect(strangers.filter(({ id }) => peers.heardAt(id) === 1)).toEqual(strangers.slice(-10));
    expect(asked).toBeLessThan(10 * strangers.length + 2 * members.length);
  });
});

describe('a timeout', () => {
  // Castro, Costa, Rowstron 2004, §3.2: timeouts per peer, without a conservative minimum; who was never measured is like most.
  it('of a peer that was never measured is what nearly all others would do with, once some were', () => {
    const peers = peersOf();
    const others = Array.from('23456789', (digit) => node(digit));
    others.forEach((other, i) => {
      expect(peers.timeoutMs(peer.id)).toBe(DEFAULT_PEERS_CONFIG.timeoutInitialMs);
      peers.heard(0, other);
      peers.measured(0, other.id, 100 + 10 * (i % 2));
    });
    expect(peers.timeoutMs(peer.id)).toBeLessThan(600);
    expect(peers.timeoutMs(peer.id)).toBeGreaterThanOrEqual(DEFAULT_PEERS_CONFIG.timeoutMinMs);
    peers.heard(0, peer);
    peers.measured(0, peer.id, 500);
    expect(peers.timeoutMs(peer.id)).toBe(1_500);
  });
});

describe('a probe', () => {
  it('measures the round trip by the ping that was answered', () => {
    const peers = peersOf();
    peers.heard(0, peer);
    const [first] = pings(peers.probe(100, peer, 'measure'));
    expect(peers.receive(140, peer, { type: 'pong', nonce: first!, ready: true, at: NOWHERE, wants: false })).toEqual([{ type: 'answered', peer, ready: true }]);
    expect([peers.roundTripMs(peer.id), peers.proximityMs(peer.id)]).toEqual([40, 40]);
    expect(peers.next()).toBe(Infinity);
  });

  it('takes the answer to an earlier ping for what it is', () => {
    const peers = peersOf();
    peers.heard(0, peer);
    const [first] = pings(peers.probe(0, peer, 'check'));
    peers.tick(peers.next());
    peers.receive(1_500, peer, { type: 'pong', nonce: first!, ready: true, at: NOWHERE, wants: false });
    expect(peers.roundTripMs(peer.id)).toBe(1_500);
  });

  it('measures nothing across a time in which this node did not run', () => {
    const peers = peersOf();
    peers.heard(0, peer);
    const [first] = pings(peers.probe(100, peer, 'measure'));
    peers.stalled(40_000);
    expect(peers.receive(40_000, peer, { type: 'pong', nonce: first!, ready: true, at: NOWHERE, wants: false })).toEqual([{ type: 'answered', peer, ready: true }]);
    expect(peers.roundTripMs(peer.id)).toBeUndefined();
    peers.measured(40_050, peer.id, 50);
    expect(peers.roundTripMs(peer.id)).toBe(50);
  });

  it('of one that others could reach when it was verified last asks them twice before it is dead', () => {
    const peers = peersOf([helper]);
    peers.markUnreachable(0, peer);
    peers.probe(0, peer, 'verify');
    const said = until(peers, 60_000);
    expect(said.filter((each) => each.type === 'send' && each.message.type === 'pingRequest')).toHaveLength(2);
    expect(ends(said)).toEqual([{ type: 'dead', peer }]);
  });

  it('of a candidate that stays silent ends without a verdict', () => {
    const peers = peersOf([helper]);
    const first = peers.probe(0, peer, 'measure');
    expect(peers.isDoubtful(1, peer)).toBe(false);
    const later = until(peers, 60_000);
    expect(pings([...first, ...later])).toHaveLength(DEFAULT_PEERS_CONFIG.measureTries);
    expect(ends(later)).toEqual([{ type: 'silent', peer }]);
  });

  it('of a member waits longer each time, then asks others before it believes a death', () => {
    const peers = peersOf([helper, node('3'), node('4'), node('5')]);
    const first = peers.probe(0, peer, 'verify');
    expect(peers.isDoubtful(1, peer)).toBe(true);
    const waits: number[] = [];
    for (let at = peers.next(), before = 0; waits.length < 3; before = at, at = peers.next()) {
      waits.push(at - before);
      if (waits.length < 3) peers.tick(at);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000]);
    const asked = peers.tick(peers.next());
    expect(asked.filter((each) => each.type === 'send' && each.message.type === 'pingRequest')).toHaveLength(DEFAULT_PEERS_CONFIG.indirectHelpers);
    expect(pings(first)).toHaveLength(1);
    expect(ends(until(peers, 60_000))).toEqual([{ type: 'dead', peer }]);
  });

  it('of a member that others reach finds it unreachable, not dead', () => {
    const peers = peersOf([helper]);
    peers.probe(0, peer, 'verify');
    const asked = until(peers, 7_000).find((each) => each.type === 'send' && each.message.type === 'pingRequest');
    expect(asked).toMatchObject({ to: helper, message: { target: peer } });
    peers.receive(7_100, helper, { type: 'pingReport', nonce: 0, target: peer.id });
    expect(ends(until(peers, 60_000))).toEqual([{ type: 'unreachable', peer }]);
  });

  it('is begun anew with an unreachable member as soon as it is heard', () => {
    const peers = peersOf();
    peers.markUnreachable(0, peer);
    expect([peers.isUnreachable(1, peer), peers.isDoubtful(1, peer), peers.isShunned(1, peer)]).toEqual([true, true, true]);
    peers.heard(2, peer);
    expect(peers.isUnreachable(3, peer)).toBe(false);
  });

  it('that another has found dead needs our own pings only', () => {
    const peers = peersOf([helper]);
    peers.probe(0, peer, 'confirm');
    const effects = until(peers, 60_000);
    expect(effects.some((each) => each.type === 'send' && each.message.type === 'pingRequest')).toBe(false);
    expect(ends(effects)).toEqual([{ type: 'dead', peer }]);
  });

  it('of a member asks others along with its second ping while nodes fail all the time', () => {
    const peers = peersOf([helper], DEFAULT_PEERS_CONFIG, true);
    peers.probe(0, peer, 'verify');
    const second = peers.tick(peers.next());
    expect(second).toMatchObject([{ to: helper, message: { type: 'pingRequest' } }, { to: peer, message: { type: 'ping' } }]);
    expect(ends(peers.tick(3_000))).toEqual([{ type: 'dead', peer }]);
  });

  // Das et al. 2002 (SWIM): what another member has found out counts.
  it('of a member ends with its next timeout once another has found it dead', () => {
    const peers = peersOf([helper]);
    peers.probe(0, peer, 'verify');
    expect(peers.probe(500, peer, 'confirm')).toEqual([]);
    expect(peers.tick(999)).toEqual([]);
    expect(peers.tick(1_000)).toEqual([{ type: 'dead', peer }]);
  });

  it('under way is not begun again, but may become a stronger one', () => {
    const peers = peersOf();
    peers.probe(0, peer, 'measure');
    expect(peers.probe(1, peer, 'verify')).toEqual([]);
    expect(ends(until(peers, 60_000))).toEqual([{ type: 'dead', peer }]);
  });

  it('is made for others too, and its answer handed on', () => {
    const peers = peersOf();
    const [ping] = peers.receive(0, helper, { type: 'pingRequest', nonce: 9, target: peer });
    expect(ping).toMatchObject({ type: 'send', to: peer, message: { type: 'ping' } });
    const nonce = (ping as { message: Extract<PeerMessage, { type: 'ping' }> }).message.nonce;
    expect(peers.receive(5, helper, { type: 'pong', nonce, ready: true, at: NOWHERE, wants: false })).toEqual([]);
    expect(peers.receive(5, peer, { type: 'pong', nonce, ready: true, at: NOWHERE, wants: false })).toEqual([
      { type: 'send', to: helper, message: { type: 'pingReport', nonce: 9, target: peer.id } },
    ]);
  });

  it('is answered with our own standing', () => {
    const peers = peersOf();
    expect(peers.receive(0, peer, { type: 'ping', nonce: 4, at: NOWHERE })).toMatchObject([{ type: 'send', to: peer, message: { type: 'pong', nonce: 4, ready: false } }]);
    peers.ready = true;
    expect(peers.receive(0, peer, { type: 'ping', nonce: 5, at: NOWHERE })).toMatchObject([{ message: { ready: true } }]);
  });

  it('serves both: who would like the asker in its tables is told the distance', () => {
    const place = { x: 1_000, y: 0, height: 1, error: 50 };
    const settled = (): Peers => {
      const peers = peersOf();
      peers.ready = true;
      peers.heard(0, helper);
      peers.placed(helper.id, { x: 0, y: 0, height: 1, error: 50 });
      for (let i = 0; i < 40; i++) peers.measured(0, helper.id, 20);
      return peers;
    };
    const [asker, asked] = [settled(), settled()];
    asked.heard(0, peer);
    const [ping] = pings(asker.probe(0, peer, 'measure'));
    const [answer] = asked.receive(5, peer, { type: 'ping', nonce: ping!, at: place });
    expect(answer).toMatchObject({ message: { type: 'pong', wants: true } });
    const pong = (answer as { message: Extract<PeerMessage, { type: 'pong' }> }).message;
    expect(asker.receive(10, peer, pong)).toEqual([
      { type: 'answered', peer, ready: true },
      { type: 'send', to: peer, message: { type: 'distance', roundTripMs: 10 } },
    ]);
    expect(asked.receive(15, peer, { type: 'distance', roundTripMs: 10 })).toEqual([{ type: 'answered', peer, ready: true }]);
    expect(asked.proximityMs(peer.id)).toBe(10);
  });

  it('of candidates is begun only within its budget; members are asked all the same', () => {
    const peers = peersOf([], { ...DEFAULT_PEERS_CONFIG, measuresBurst: 3, measuresPerSecond: 2 });
    const others = Array.from('3456789abc', (digit) => node(digit));
    const begun = (now: number, some: readonly NodeHandle[]): number => some.filter((other) => peers.probe(now, other, 'measure').length > 0).length;
    expect(begun(0, others.slice(0, 5))).toBe(3);
    expect(begun(1_000, others.slice(5))).toBe(2);
    expect(peers.probe(1_000, others[9]!, 'verify')).toHaveLength(1);
  });
});
