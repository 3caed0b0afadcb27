import { id } from '@banyan/ids';
import { beforeEach, describe, expect, it } from 'vitest';
import { Membership } from './membership.ts';

const [a, b, c] = [id('1'.repeat(32)), id('5'.repeat(32)), id('b'.repeat(32))];
const LEASE_MS = 8_000;
let ring: Membership;

beforeEach(() => {
  ring = new Membership(LEASE_MS);
  for (const node of [a, b, c]) ring.ready(node, 0);
});

const at = (sentAt: number, doneAt: number, root: typeof a | undefined, key = b) => ring.judge({ key, sentAt, doneAt, root });

describe('a lookup seen from outside', () => {
  it('is answered by the owner where its root lives, and by nobody else', () => {
    expect(at(1_000, 1_010, b)).toEqual({ is: 'owner', isSettled: true });
    expect(at(1_000, 1_010, a)).toEqual({ is: 'other', isSettled: true });
    expect(at(1_000, 1_010, undefined)).toEqual({ is: 'nobody', isSettled: true });
  });

  it('may be answered by the next node or not at once while the leases of a dead root run out', () => {
    ring.unready(b, 20_000);
    for (const asked of [19_900, 20_100, 27_900]) expect(at(asked, asked + 100, undefined).isSettled).toBe(false);
    expect(at(21_000, 29_000, a).is).toBe('between');
    expect(at(21_000, 29_000, c).is).toBe('stranger');
    expect(at(21_000, 21_010, b).is).toBe('stranger'); // it was dead by then
    expect(at(30_000, 30_010, a)).toMatchObject({ isSettled: true });
  });

  it('may be answered by either while a node comes back', () => {
    ring.unready(b, 20_000);
    ring.started(b, 40_000);
    ring.ready(b, 43_000);
    expect(at(41_000, 41_010, b).is).toBe('between');
    expect(at(41_000, 41_010, a).is).toBe('between');
    expect(at(44_000, 44_010, b)).toEqual({ is: 'owner', isSettled: true });
    expect(at(44_000, 44_010, a).is).toBe('other');
  });

  it('may not be answered by one who is farther than a node that surely lived', () => {
    ring.unready(b, 20_000);
    expect(at(21_000, 22_000, c, id(`4${'0'.repeat(31)}`)).is).toBe('stranger');
  });
});
