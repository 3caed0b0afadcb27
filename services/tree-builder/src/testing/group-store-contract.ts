import { beforeEach, describe, expect, it } from 'vitest';
import { keyOfName } from '@banyan/identity';
import type { GroupRecord, GroupStore } from '../keeping/group-store.ts';

const group = (name: string, change: Partial<GroupRecord> = {}): GroupRecord => {
  const owner = name.split('/')[0]!;
  return { name, key: keyOfName(name), owner, version: 1, isDeleted: false, changedAt: 1_000, descriptor: Uint8Array.of(1, 2, 255), ...change };
};

/** What every implementation of the group store must do. */
export function describeGroupStoreContract(name: string, open: () => Promise<GroupStore>): void {
  describe(`${name} as a GroupStore`, () => {
    let store: GroupStore;

    beforeEach(async () => {
      store = await open();
    });

    it('finds a group by name and by key, as it was put', async () => {
      expect(await store.put(group('ann/a'))).toBe(true);
      for (const found of [await store.findByName('ann/a'), await store.findByKey(keyOfName('ann/a'))]) {
        expect({ ...found, descriptor: Uint8Array.from(found!.descriptor) }).toEqual(group('ann/a'));
      }
      expect(await store.findByName('ann/b')).toBeUndefined();
      expect(await store.findByKey(keyOfName('ann/b'))).toBeUndefined();
    });

    it('takes the next version only, so one of two changes at once is refused', async () => {
      await store.put(group('ann/a'));
      expect(await store.put(group('ann/a'))).toBe(false);
      expect(await store.put(group('ann/a', { version: 3 }))).toBe(false);
      expect(await store.put(group('ann/a', { version: 2, isDeleted: true }))).toBe(true);
      expect(await store.findByName('ann/a')).toMatchObject({ version: 2, isDeleted: true });
      const both = await Promise.all([store.put(group('ann/a', { version: 3 })), store.put(group('ann/a', { version: 3 }))]);
      expect(both.toSorted()).toEqual([false, true]);
    });

    it('lists by name, by prefix, by page, without deleted ones', async () => {
      for (const each of ['b/x', 'ann/c', 'ann/a', 'anna/a', 'ann/b.d', 'ann/b']) await store.put(group(each));
      await store.put(group('ann/b', { version: 2, isDeleted: true }));
      const names = async (prefix: string, after: string, limit: number) => (await store.list({ prefix, after, limit })).map((each) => each.name);
      expect(await names('', '', 10)).toEqual(['ann/a', 'ann/b.d', 'ann/c', 'anna/a', 'b/x']);
      expect(await names('ann/', '', 10)).toEqual(['ann/a', 'ann/b.d', 'ann/c']);
      expect(await names('ann', 'ann/b.d', 2)).toEqual(['ann/c', 'anna/a']);
      expect(await names('c', '', 10)).toEqual([]);
    });

    it('counts what is there, without deleted ones', async () => {
      expect(await store.count()).toBe(0);
      for (const each of ['ann/a', 'ann/b', 'bob/a']) await store.put(group(each));
      await store.put(group('ann/b', { version: 2, isDeleted: true }));
      expect(await store.count()).toBe(2);
    });

    it('counts what an owner has, deleted ones until they are forgotten', async () => {
      await store.put(group('ann/a'));
      await store.put(group('ann/b'));
      await store.put(group('ann/b', { version: 2, isDeleted: true, changedAt: 2_000 }));
      expect(await store.countOf('ann')).toBe(2);
      await store.forgetDeleted(2_000);
      expect(await store.countOf('ann')).toBe(2);
      await store.forgetDeleted(2_001);
      expect(await store.countOf('ann')).toBe(1);
      expect(await store.findByName('ann/a')).toBeDefined();
    });
  });
}
