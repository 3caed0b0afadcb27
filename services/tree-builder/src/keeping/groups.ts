import { idToBytes, type Id } from '@banyan/ids';
import { OverlayError } from '@banyan/grpc';
import { groupKey, groupNameFault, ownerOfGroup } from '@banyan/identity';
import { multicast } from '@banyan/proto';
import type { GroupRecord, GroupStore } from './group-store.ts';

/** What a group is to be, its name complete and the defaults in place. */
export interface GroupOrder {
  readonly name: string;
  readonly delivery: multicast.Delivery;
  readonly retentionBytes: bigint;
  readonly retentionMs: bigint;
  readonly fanOutMax: number;
  /** Absent: the group waits for nobody. */
  readonly backpressure?: multicast.Backpressure | undefined;
  readonly publishers: readonly string[];
  readonly subscribers: readonly string[];
  /** Trees that share the payloads; 0 or 1: one tree carries everything. */
  readonly stripes: number;
  /** The last stripe carries the parity of the others. */
  readonly parity?: boolean | undefined;
}

/** One page of a listing, and where the next one begins; undefined at the end. */
export interface GroupListing {
  readonly groups: readonly GroupRecord[];
  readonly next: string | undefined;
}

/** Groups of one owner at most, with those deleted lately. */
export const GROUPS_PER_OWNER_MAX = 10_000;
/** How long a deleted group is remembered: longer than any node keeps a descriptor that it does not use. */
export const DELETED_KEPT_MS = 30 * 24 * 3_600_000;

// A listing looks at no more rows than this for one answer, however few of them the caller may see.
const SCANNED_MAX = 10_000;
const SCAN_PAGE = 1_000;

/** The directory of groups: what each of them is. Who may ask is decided before. */
export class Groups {
  readonly #watchers = new Set<() => void>();

  constructor(
    private readonly store: GroupStore,
    private readonly now: () => number,
    private readonly perOwnerMax: number = GROUPS_PER_OWNER_MAX,
  ) {}

  /** Creates a group. Throws GROUP_NAME_INVALID, GROUP_EXISTS, GROUPS_TOO_MANY. */
  async create(order: GroupOrder): Promise<GroupRecord> {
    checkGroupName(order.name);
    const now = this.now();
    await this.store.forgetDeleted(now - DELETED_KEPT_MS);
    const known = await this.store.findByName(order.name);
    if (known?.isDeleted === false) throw exists(order.name);
    const owner = ownerOfGroup(order.name);
    if (known === undefined && (await this.store.countOf(owner)) >= this.perOwnerMax) {
      throw new OverlayError('GROUPS_TOO_MANY', `${owner} has ${this.perOwnerMax} groups already`, { owner });
    }
    const group = recordOf({ ...order, owner, version: (known?.version ?? 0) + 1, deleted: false, createdAt: now }, now);
    // Someone else created it between our look and our write.
    if (!(await this.store.put(group))) throw exists(order.name);
    this.#tell();
    return group;
  }

  /** Calls `changed` after every group that is made or deleted here, until the returned function is called. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => void this.#watchers.delete(changed);
  }

  /** A group by its name. Throws GROUP_NOT_FOUND, also of one that was deleted. */
  async byName(name: string): Promise<GroupRecord> {
    const group = await this.store.findByName(name);
    if (group === undefined || group.isDeleted) throw new OverlayError('GROUP_NOT_FOUND', `there is no group ${name}`, { group: name });
    return group;
  }

  /** What is kept of a group, deleted or not; undefined when nothing is. */
  find(group: { readonly name: string } | { readonly key: Id }): Promise<GroupRecord | undefined> {
    return 'name' in group ? this.store.findByName(group.name) : this.store.findByKey(group.key);
  }

  /** Groups that `isVisible` to the caller, by name. */
  async list(page: { readonly prefix: string; readonly after: string; readonly limit: number }, isVisible: (name: string) => boolean): Promise<GroupListing> {
    const groups: GroupRecord[] = [];
    let { after } = page;
    for (let scanned = 0; scanned < SCANNED_MAX; scanned += SCAN_PAGE) {
      const rows = await this.store.list({ prefix: page.prefix, after, limit: SCAN_PAGE });
      for (const row of rows) {
        after = row.name;
        if (isVisible(row.name)) groups.push(row);
        if (groups.length === page.limit) return { groups, next: after };
      }
      if (rows.length < SCAN_PAGE) return { groups, next: undefined };
    }
    return { groups, next: after };
  }

  /** How many groups there are. */
  count(): Promise<number> {
    return this.store.count();
  }

  /** Deletes a group; what remains is a descriptor that says so, for nodes that ask. Throws GROUP_NOT_FOUND. */
  async delete(name: string): Promise<void> {
    const group = await this.byName(name);
    const descriptor = multicast.GroupDescriptor.decode(group.descriptor);
    const version = group.version + 1;
    const deleted = { ...group, version, isDeleted: true, changedAt: this.now() };
    const bytes = multicast.GroupDescriptor.encode({ ...descriptor, version: BigInt(version), deleted: true }).finish();
    // Not kept: someone else deleted it first, which is as good.
    await this.store.put({ ...deleted, descriptor: bytes });
    this.#tell();
  }

  #tell(): void {
    for (const changed of this.#watchers) changed();
  }
}

/** Throws GROUP_NAME_INVALID unless `name` names a group. */
export function checkGroupName(name: string): void {
  const fault = groupNameFault(name);
  if (fault !== undefined) throw new OverlayError('GROUP_NAME_INVALID', `'${name.slice(0, 80)}' is no name of a group: ${fault}`, { name: name.slice(0, 80) });
}

function exists(name: string): OverlayError {
  return new OverlayError('GROUP_EXISTS', `the group ${name} exists`, { group: name });
}

interface DescriptorFacts extends GroupOrder {
  readonly owner: string;
  readonly version: number;
  readonly deleted: boolean;
  readonly createdAt: number;
}

function recordOf(facts: DescriptorFacts, changedAt: number): GroupRecord {
  const { name, owner, version } = facts;
  const key = groupKey(name);
  const descriptor = multicast.GroupDescriptor.encode({
    ...facts,
    key: idToBytes(key),
    publishers: [...facts.publishers],
    subscribers: [...facts.subscribers],
    createdAtMs: BigInt(facts.createdAt),
    version: BigInt(version),
  }).finish();
  return { name, key, owner, version, isDeleted: facts.deleted, changedAt, descriptor };
}
