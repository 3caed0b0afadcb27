import { OverlayError } from '@banyan/grpc';
import type { Groups } from '@banyan/host';
import { BoundedCache, groupKey } from '@banyan/identity';
import type { multicast } from '@banyan/proto';
import type { DescriptorFiles } from './descriptor-files.ts';
import type { GroupDirectory } from './group-directory.ts';

/** A group as it was signed, checked. */
export interface KnownGroup {
  readonly signed: multicast.SignedGroupDescriptor;
  readonly descriptor: multicast.GroupDescriptor;
}

/** Groups kept in memory at most. */
const KNOWN_MAX = 4_096;
/** How long a descriptor is used before the directory is asked whether it is the newest, ms. */
const FRESH_MS = 10_000;

interface Kept extends KnownGroup {
  readonly askedAt: number;
}

/**
 * What a node knows of groups: given with a call, asked of the tree builder, remembered in memory and on disk, or
 * learned from the tree. The newest version wins; every one is checked by its signature, so it does not matter who
 * brought it. With the tree builder away everything but the news goes on.
 */
export class DescriptorSource {
  readonly #groups: Pick<Groups, 'verify' | 'open' | 'subscribe'>;
  readonly #files: DescriptorFiles;
  readonly #directory: GroupDirectory;
  readonly #known = new BoundedCache<Kept>(KNOWN_MAX);

  constructor(groups: Pick<Groups, 'verify' | 'open' | 'subscribe'>, files: DescriptorFiles, directory: GroupDirectory) {
    this.#groups = groups;
    this.#files = files;
    this.#directory = directory;
  }

  /**
   * The group of that name; undefined when only the tree could tell. Throws DESCRIPTOR_INVALID when the given one is
   * not this group's or not signed, GROUP_NOT_FOUND when the directory knows of none, GROUP_DELETED.
   */
  async resolve(name: string, given?: multicast.SignedGroupDescriptor): Promise<KnownGroup | undefined> {
    if (given !== undefined) await this.#remember(name, given, -Infinity);
    const kept = await this.#kept(name);
    if (kept !== undefined && performance.now() - kept.askedAt < FRESH_MS) return existing(kept);
    const answer = await this.#directory.describe(name);
    if (answer.type === 'found') return existing(await this.#remember(name, answer.signed, performance.now()));
    if (answer.type === 'away') return kept === undefined ? undefined : existing(kept);
    // A descriptor that came with the call proves itself; the directory may not have heard of it yet.
    if (given !== undefined && kept !== undefined) return existing(kept);
    await this.#files.remove(groupKey(name));
    throw new OverlayError('GROUP_NOT_FOUND', `no group ${name} is known`, { group: name });
  }

  /** As `resolve`, but asks the tree itself at last. Throws GROUP_NOT_FOUND when nobody in it answers. */
  async resolveAnywhere(name: string, given?: multicast.SignedGroupDescriptor): Promise<KnownGroup> {
    return (await this.resolve(name, given)) ?? (await this.#askTree(name));
  }

  /** Remembers a descriptor that the tree told, and gives it checked. */
  learn(name: string, signed: multicast.SignedGroupDescriptor): Promise<KnownGroup> {
    return this.#remember(name, signed, -Infinity);
  }

  // The graft acknowledgement carries the descriptor: joining for a moment is how a stranger asks the tree.
  async #askTree(name: string): Promise<KnownGroup> {
    const subscription = this.#groups.subscribe({ group: groupKey(name), start: { type: 'latest' } });
    try {
      for await (const event of subscription) if (event.type === 'subscribed') return existing(await this.learn(name, event.descriptor));
    } finally {
      subscription.close();
    }
    throw new OverlayError('GROUP_NOT_FOUND', `no group ${name} is known`, { group: name });
  }

  async #kept(name: string): Promise<Kept | undefined> {
    const kept = this.#known.get(name);
    if (kept !== undefined) return kept;
    const signed = await this.#files.load(groupKey(name));
    // A file of an earlier overlay, or of another group put there by hand, is no descriptor of ours.
    return signed === undefined ? undefined : this.#remember(name, signed, -Infinity).catch(() => undefined);
  }

  async #remember(name: string, signed: multicast.SignedGroupDescriptor, askedAt: number): Promise<Kept> {
    const descriptor = this.#groups.verify(signed);
    if (descriptor.name !== name) throw new OverlayError('DESCRIPTOR_INVALID', `the descriptor is that of ${descriptor.name}, not of ${name}`, { group: name });
    const before = this.#known.get(name);
    if (before !== undefined && before.descriptor.version >= descriptor.version) {
      const again = { ...before, askedAt: Math.max(askedAt, before.askedAt) };
      this.#known.set(name, again);
      return again;
    }
    const kept = { signed, descriptor, askedAt };
    this.#known.set(name, kept);
    await this.#files.save(groupKey(name), signed);
    // The tree has to hear that the group has ended. Nobody waits for it: it may be gone already.
    if (descriptor.deleted) void this.#groups.open(signed).catch(() => undefined);
    return kept;
  }
}

function existing(group: KnownGroup): KnownGroup {
  if (!group.descriptor.deleted) return group;
  throw new OverlayError('GROUP_DELETED', `the group ${group.descriptor.name} was deleted`, { group: group.descriptor.name });
}
