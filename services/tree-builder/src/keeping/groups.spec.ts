import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqlite, type Database } from '@banyan/database';
import { DescriptorVerifier, groupKey } from '@banyan/identity';
import { mintTestAuthority } from '@banyan/identity/testing';
import { multicast } from '@banyan/proto';
import { DescriptorSigner } from './descriptor-signer.ts';
import { builderMigrations, type BuilderSchema } from './group-schema.ts';
import { DELETED_KEPT_MS, Groups, type GroupOrder } from './groups.ts';
import { SqlGroupStore } from './sql-group-store.ts';

const order: GroupOrder = { name: 'ann/news', delivery: multicast.Delivery.RELIABLE, retentionBytes: 1n, retentionMs: 2n, fanOutMax: 3, publishers: ['ann'], subscribers: ['*'], stripes: 4 };
let database: Database<BuilderSchema>;
let groups: Groups;
let now = 1_000;

beforeEach(async () => {
  now = 1_000;
  database = await openSqlite<BuilderSchema>(':memory:', builderMigrations);
  groups = new Groups(new SqlGroupStore(database), () => now);
});
afterEach(() => database.close());

describe('a group', () => {
  it('has a descriptor with its key, its owner and what was asked for', async () => {
    const { descriptor, key } = await groups.create(order);
    expect(key).toBe(groupKey('ann/news'));
    expect(multicast.GroupDescriptor.decode(descriptor)).toMatchObject({ ...order, owner: 'ann', createdAtMs: 1_000n, version: 1n, deleted: false });
  });

  it('is created once, also by two at once', async () => {
    const both = await Promise.allSettled([groups.create(order), groups.create(order)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    await expect(groups.create(order)).rejects.toMatchObject({ reason: 'GROUP_EXISTS' });
  });

  it('is refused to an owner who has as many as one may have, and only to him', async () => {
    const few = new Groups(new SqlGroupStore(database), () => now, 1);
    await few.create(order);
    await expect(few.create({ ...order, name: 'ann/more' })).rejects.toMatchObject({ reason: 'GROUPS_TOO_MANY', metadata: { owner: 'ann' } });
    await few.create({ ...order, name: 'bob/news' });
  });

  it.each(['news', 'ann/', 'ann/*', 'Ann/news', 'ann/../x', '', 'x'.repeat(300)])('is not called %j', async (name) => {
    await expect(groups.create({ ...order, name })).rejects.toMatchObject({ reason: 'GROUP_NAME_INVALID' });
  });

  it('leaves a descriptor that says it was deleted, and goes on counting versions when created again', async () => {
    await groups.create(order);
    await groups.delete('ann/news');
    await expect(groups.byName('ann/news')).rejects.toMatchObject({ reason: 'GROUP_NOT_FOUND' });
    await expect(groups.delete('ann/news')).rejects.toMatchObject({ reason: 'GROUP_NOT_FOUND' });
    const gone = await groups.find({ key: groupKey('ann/news') });
    expect(multicast.GroupDescriptor.decode(gone!.descriptor)).toMatchObject({ deleted: true, version: 2n, name: 'ann/news' });
    expect(multicast.GroupDescriptor.decode((await groups.create(order)).descriptor)).toMatchObject({ deleted: false, version: 3n });
  });

  it('that was deleted is forgotten after 30 days', async () => {
    await groups.create(order);
    await groups.delete('ann/news');
    now += DELETED_KEPT_MS + 1;
    await groups.create({ ...order, name: 'ann/other' });
    expect(await groups.find({ name: 'ann/news' })).toBeUndefined();
  });
});

it('lists what is visible, page after page', async () => {
  for (const name of ['ann/a', 'ann/b', 'bob/a', 'ann/c', 'ann/d']) await groups.create({ ...order, name });
  const isAnns = (name: string): boolean => name.startsWith('ann/');
  const first = await groups.list({ prefix: '', after: '', limit: 2 }, isAnns);
  expect(first.groups.map(({ name }) => name)).toEqual(['ann/a', 'ann/b']);
  const second = await groups.list({ prefix: '', after: first.next!, limit: 9 }, isAnns);
  expect(second).toMatchObject({ groups: [{ name: 'ann/c' }, { name: 'ann/d' }], next: undefined });
});

it('signs with the present certificate, the same version the same way', async () => {
  const trust = await mintTestAuthority();
  const [one, two] = [await trust.issue({ role: 'builder' }), await trust.issue({ role: 'builder' })];
  const verifier = new DescriptorVerifier(trust.pem);
  const signer = new DescriptorSigner(one);
  const group = await groups.create(order);
  expect(verifier.verify(signer.sign(group))).toMatchObject({ type: 'verified', signer: { id: one.identity.id } });
  expect(signer.sign(group)).toBe(signer.sign(group));
  signer.renew(two);
  expect(verifier.verify(signer.sign(group))).toMatchObject({ type: 'verified', signer: { id: two.identity.id } });
});
