import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OverlayError } from '@banyan/grpc';
import type { Groups, SubscriptionEvent } from '@banyan/host';
import { DescriptorVerifier, groupKey, ownerOfGroup, signDescriptor, type Credentials } from '@banyan/identity';
import { mintTestAuthority, type TestAuthority } from '@banyan/identity/testing';
import { idToBytes } from '@banyan/ids';
import { multicast } from '@banyan/proto';
import { DescriptorFiles } from './descriptor-files.ts';
import { DescriptorSource } from './descriptor-source.ts';
import type { DirectoryAnswer } from './group-directory.ts';
import { assertMayPublish, assertMaySubscribe } from './permissions.ts';

const NAME = 'alice/news';
let trust: TestAuthority;
let signer: Credentials;
let directory: string;

beforeAll(async () => {
  trust = await mintTestAuthority();
  signer = await trust.issue({ role: 'builder' });
});
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'banyan-groups-'))));

function sign(fields: Partial<multicast.GroupDescriptor> = {}, by: Credentials = signer): multicast.SignedGroupDescriptor {
  const name = fields.name ?? NAME;
  const descriptor = multicast.GroupDescriptor.fromPartial({ name, owner: ownerOfGroup(name), key: idToBytes(groupKey(name)), version: 1n, ...fields });
  return { ...signDescriptor(multicast.GroupDescriptor.encode(descriptor).finish(), by) };
}

/** Groups as far as descriptors go: real signatures, a tree that answers what a spec says. */
function groups(tree?: multicast.SignedGroupDescriptor) {
  const verifier = new DescriptorVerifier(trust.pem);
  const opened: multicast.SignedGroupDescriptor[] = [];
  const stub: Pick<Groups, 'verify' | 'open' | 'subscribe'> = {
    verify(signed) {
      if (verifier.verify(signed).type === 'fault') throw new OverlayError('DESCRIPTOR_INVALID', 'not signed');
      return multicast.GroupDescriptor.decode(signed.descriptor);
    },
    open: (signed) => Promise.resolve(void opened.push(signed)),
    subscribe: () => ({
      close: () => undefined,
      move: () => undefined,
      async *[Symbol.asyncIterator](): AsyncGenerator<SubscriptionEvent> {
        if (tree === undefined) throw new OverlayError('GROUP_NOT_FOUND', 'no tree');
        yield { type: 'subscribed', nextSequence: 1, descriptor: tree };
      },
    }),
  };
  return { stub, opened };
}

async function source(answers: readonly DirectoryAnswer[], tree?: multicast.SignedGroupDescriptor) {
  const { stub, opened } = groups(tree);
  const asked: string[] = [];
  const describeGroup = (name: string): Promise<DirectoryAnswer> => {
    asked.push(name);
    return Promise.resolve(answers[Math.min(asked.length, answers.length) - 1] ?? { type: 'away' });
  };
  return { descriptors: new DescriptorSource(stub, await DescriptorFiles.open(directory), { describe: describeGroup }), asked, opened };
}

describe('DescriptorSource', () => {
  it('asks the directory once and uses its answer while it is fresh', async () => {
    const { descriptors, asked } = await source([{ type: 'found', signed: sign() }]);
    expect((await descriptors.resolve(NAME))?.descriptor.name).toBe(NAME);
    expect((await descriptors.resolve(NAME))?.descriptor.name).toBe(NAME);
    expect(asked).toEqual([NAME]);
  });

  it('remembers over a restart with the directory away', async () => {
    await (await source([{ type: 'found', signed: sign({ version: 7n }) }])).descriptors.resolve(NAME);
    expect((await (await source([])).descriptors.resolve(NAME))?.descriptor.version).toBe(7n);
  });

  it('takes the one given with the call when nobody else can tell', async () => {
    const { descriptors } = await source([{ type: 'unknown' }]);
    expect((await descriptors.resolve(NAME, sign()))?.descriptor.name).toBe(NAME);
  });

  it('refuses a given one that is not signed by a tree builder, or is another group', async () => {
    const { descriptors } = await source([]);
    await expect(descriptors.resolve(NAME, sign({}, await trust.issue()))).rejects.toMatchObject({ reason: 'DESCRIPTOR_INVALID' });
    await expect(descriptors.resolve(NAME, sign({ name: 'alice/other' }))).rejects.toMatchObject({ reason: 'DESCRIPTOR_INVALID' });
    expect(readdirSync(directory)).toEqual([]);
  });

  it('never goes back to an older version', async () => {
    const { descriptors } = await source([{ type: 'found', signed: sign({ version: 3n }) }]);
    await descriptors.resolve(NAME);
    expect((await descriptors.resolve(NAME, sign({ version: 2n })))?.descriptor.version).toBe(3n);
  });

  it('asks the tree when the directory is away and nothing is known', async () => {
    expect(await (await source([])).descriptors.resolve(NAME)).toBeUndefined();
    expect((await (await source([], sign({ version: 4n }))).descriptors.resolveAnywhere(NAME)).descriptor.version).toBe(4n);
    await expect((await source([])).descriptors.resolveAnywhere('alice/nobody')).rejects.toMatchObject({ reason: 'GROUP_NOT_FOUND' });
  });

  it('says which group is not found', async () => {
    const { descriptors } = await source([{ type: 'unknown' }]);
    await expect(descriptors.resolve(NAME)).rejects.toMatchObject({ reason: 'GROUP_NOT_FOUND', metadata: { group: NAME } });
  });

  it('refuses a deleted group and tells the tree', async () => {
    const { descriptors, opened } = await source([{ type: 'found', signed: sign({ version: 2n, deleted: true }) }]);
    await expect(descriptors.resolve(NAME)).rejects.toMatchObject({ reason: 'GROUP_DELETED' });
    expect(opened).toHaveLength(1);
  });

  it('takes a damaged file for none', async () => {
    writeFileSync(join(directory, groupKey(NAME)), 'rubbish');
    expect(await (await source([])).descriptors.resolve(NAME)).toBeUndefined();
  });
});

describe('permissions', () => {
  const group = multicast.GroupDescriptor.fromPartial({ name: NAME, owner: 'alice', publishers: ['bob'], subscribers: ['*'] });

  it('let in who is named, everyone by a star, and always the owner', () => {
    assertMayPublish(group, 'alice');
    assertMayPublish(group, 'bob');
    assertMaySubscribe(group, 'anyone');
    expect(() => assertMayPublish(group, 'carol')).toThrow(expect.objectContaining({ reason: 'PUBLISH_NOT_ALLOWED' }));
    expect(() => assertMaySubscribe({ ...group, subscribers: ['bob'] }, 'carol')).toThrow(expect.objectContaining({ reason: 'SUBSCRIBE_NOT_ALLOWED' }));
  });
});
