import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PUBLIC_MODE, writeFileAtomically } from '@banyan/identity';
import type { Id } from '@banyan/ids';
import { multicast } from '@banyan/proto';

/** Descriptors kept on disk at most; beyond it a new one is used and not kept. */
const FILES_MAX = 4_096;
const KEY = /^[0-9a-f]{32}$/;

/**
 * Signed group descriptors on disk, a file each by the key of the group: what lets a node join a group it knew before
 * while the tree builder is down. They prove themselves, so the directory needs no trust.
 */
export class DescriptorFiles {
  readonly #directory: string;
  readonly #keys: Set<string>;

  private constructor(directory: string, keys: Set<string>) {
    this.#directory = directory;
    this.#keys = keys;
  }

  static async open(directory: string): Promise<DescriptorFiles> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return new DescriptorFiles(directory, new Set((await readdir(directory)).filter((name) => KEY.test(name))));
  }

  /** The descriptor as it was kept; undefined when there is none, or a damaged one. */
  async load(group: Id): Promise<multicast.SignedGroupDescriptor | undefined> {
    if (!this.#keys.has(group)) return undefined;
    try {
      return multicast.SignedGroupDescriptor.decode(await readFile(join(this.#directory, group)));
    } catch {
      return undefined; // damaged by a crash or by hand: as good as none
    }
  }

  /** Keeps a descriptor, unless there are too many or the disk does not take it: it is only a convenience. */
  async save(group: Id, signed: multicast.SignedGroupDescriptor): Promise<void> {
    if (!this.#keys.has(group) && this.#keys.size >= FILES_MAX) return;
    this.#keys.add(group);
    const bytes = Buffer.from(multicast.SignedGroupDescriptor.encode(signed).finish());
    await writeFileAtomically(join(this.#directory, group), bytes, PUBLIC_MODE).catch(() => this.#keys.delete(group));
  }

  /** Forgets a group that was deleted. */
  async remove(group: Id): Promise<void> {
    if (this.#keys.delete(group)) await rm(join(this.#directory, group), { force: true });
  }
}
