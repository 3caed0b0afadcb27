// What every implementation of auth's stores must do.
import { beforeEach, describe, expect, it } from 'vitest';
import { id } from '@banyan/ids';
import type { AuditEntry, AuditLog } from '../storing/audit-log.ts';
import type { EnrolmentStore, NodeRecord, Reservation } from '../storing/enrolment-store.ts';
import type { SubjectStore } from '../storing/subject-store.ts';

const NOW = 1_000_000;
const TOKEN = { digest: 't1', label: 'ann', roles: ['node', 'builder'], usesLeft: 2, expiresAt: NOW + 1_000 } as const;
const reservation = (keyDigest: string, salt: string): Reservation => ({ tokenDigest: 't1', keyDigest, salt, expiresAt: NOW + 100 });
const node: NodeRecord = { id: id('a'.repeat(32)), tokenDigest: 't1', keyDigest: 'k1', salt: 's1', role: 'node', serial: '01', notAfter: NOW + 500, revokedAt: undefined };

/** `open` makes a store that takes eight reservations. */
export function describeEnrolmentStoreContract(name: string, open: () => Promise<EnrolmentStore>): void {
  describe(`${name} as an EnrolmentStore`, () => {
    let store: EnrolmentStore;

    beforeEach(async () => {
      store = await open();
      await store.putToken(TOKEN, NOW);
    });

    it('gives back a token, and none for another digest', async () => {
      expect(await store.findToken('t1')).toEqual(TOKEN);
      expect(await store.findToken('t2')).toBeUndefined();
    });

    it('forgets expired tokens when one is put, and others by label', async () => {
      await store.putToken({ ...TOKEN, digest: 't2', label: 'initial', expiresAt: NOW + 9_000 }, NOW + 1_000);
      expect(await store.findToken('t1')).toBeUndefined();
      await store.putToken({ ...TOKEN, digest: 't3', label: 'initial' }, NOW);
      await store.dropTokensLabelled('initial', 't3');
      expect(await store.findToken('t2')).toBeUndefined();
      expect(await store.findToken('t3')).toBeDefined();
    });

    it('draws one salt for a key, however often it is asked', async () => {
      expect(await store.reserve(reservation('k1', 's1'), NOW)).toEqual({ type: 'reserved', salt: 's1' });
      expect(await store.reserve(reservation('k1', 's2'), NOW)).toEqual({ type: 'reserved', salt: 's1' });
      expect(await store.findSalt('t1', 'k1', NOW)).toBe('s1');
      expect((await store.findToken('t1'))?.usesLeft).toBe(1);
    });

    it('never gives more uses than there are, also to those who ask at once', async () => {
      const outcomes = await Promise.all(Array.from({ length: 8 }, (_, i) => store.reserve(reservation(`k${i}`, `s${i}`), NOW)));
      expect(outcomes.filter(({ type }) => type === 'reserved')).toHaveLength(2);
      expect(outcomes.filter(({ type }) => type === 'used-up')).toHaveLength(6);
    });

    it('gives the use of an expired reservation back', async () => {
      await store.reserve(reservation('k1', 's1'), NOW);
      await store.reserve(reservation('k2', 's2'), NOW);
      expect(await store.findSalt('t1', 'k1', NOW + 100)).toBeUndefined();
      expect(await store.reserve({ ...reservation('k3', 's3'), expiresAt: NOW + 900 }, NOW + 100)).toEqual({ type: 'reserved', salt: 's3' });
      expect((await store.findToken('t1'))?.usesLeft).toBe(1);
    });

    it('uses nothing up for a token that is not there', async () => {
      expect(await store.reserve({ ...reservation('k1', 's1'), tokenDigest: 'none' }, NOW)).toEqual({ type: 'used-up' });
    });

    it('bounds open reservations', async () => {
      await store.putToken({ ...TOKEN, usesLeft: 9 }, NOW);
      for (let i = 0; i < 8; i++) await store.reserve(reservation(`k${i}`, 's'), NOW);
      expect(await store.reserve(reservation('one more', 's'), NOW)).toEqual({ type: 'too-many' });
    });

    it('admits a holder, whose key keeps its salt and needs no further use', async () => {
      await store.reserve(reservation('k1', 's1'), NOW);
      await store.admit(node);
      expect(await store.findNode(node.id)).toEqual(node);
      expect(await store.reserve(reservation('k1', 's2'), NOW + 9_000)).toEqual({ type: 'reserved', salt: 's1' });
      expect((await store.findToken('t1'))?.usesLeft).toBe(1);
    });

    it('notes a renewal, of holders that are not revoked', async () => {
      await store.admit(node);
      expect(await store.renew(node.id, { serial: '02', notAfter: NOW + 800 })).toBe(true);
      expect(await store.findNode(node.id)).toMatchObject({ serial: '02', notAfter: NOW + 800 });
      expect(await store.renew(id('b'.repeat(32)), { serial: '02', notAfter: 1 })).toBe(false);
      await store.revoke(node.id, { at: NOW, reason: 'lost' });
      expect(await store.renew(node.id, { serial: '03', notAfter: 1 })).toBe(false);
    });

    it('revokes once and for ever, and lists until the certificate expires', async () => {
      await store.admit(node);
      expect(await store.listRevoked(NOW)).toEqual([]);
      expect(await store.revoke(node.id, { at: NOW + 1, reason: 'lost' })).toBe(true);
      expect(await store.revoke(node.id, { at: NOW + 2, reason: 'again' })).toBe(true);
      expect(await store.revoke(id('b'.repeat(32)), { at: NOW, reason: 'who' })).toBe(false);
      expect((await store.findNode(node.id))?.revokedAt).toBe(NOW + 1);
      expect(await store.listRevoked(NOW + 499)).toEqual([node.id]);
      expect(await store.listRevoked(NOW + 500)).toEqual([]);
    });
  });
}

export function describeSubjectStoreContract(name: string, open: () => Promise<SubjectStore>): void {
  describe(`${name} as a SubjectStore`, () => {
    it('keeps, replaces and removes subjects', async () => {
      const store = await open();
      const ann = { subject: 'ann', secretHash: 'h1', scopes: ['route', 'publish:ann/*'] };
      expect(await store.find('ann')).toBeUndefined();
      await store.put(ann);
      expect(await store.find('ann')).toEqual(ann);
      await store.put({ ...ann, secretHash: 'h2', scopes: [] });
      expect(await store.find('ann')).toEqual({ ...ann, secretHash: 'h2', scopes: [] });
      expect(await store.remove('ann')).toBe(true);
      expect(await store.remove('ann')).toBe(false);
      expect(await store.find('ann')).toBeUndefined();
    });
  });
}

/** `open` makes a log that keeps three entries. */
export function describeAuditLogContract(name: string, open: () => Promise<AuditLog>): void {
  describe(`${name} as an AuditLog`, () => {
    it('tells the newest entries first and keeps so many', async () => {
      const log = await open();
      const entries = [1, 2, 3, 4].map((at): AuditEntry => ({ at, event: 'node_revoked', actor: 'ann', object: `node ${at}`, detail: 'lost' }));
      for (const entry of entries) await log.append(entry);
      expect(await log.newest(2)).toEqual([entries[3], entries[2]]);
      expect(await log.newest(10)).toHaveLength(3);
    });
  });
}
