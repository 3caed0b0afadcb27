import type { Id } from '@banyan/ids';

/** A group as it is kept. */
export interface GroupRecord {
  readonly name: string;
  readonly key: Id;
  readonly owner: string;
  /** Raised by every change; goes on when a deleted group is created again. */
  readonly version: number;
  /** True: only the memory of a group, so that nodes can be told that it is gone. */
  readonly isDeleted: boolean;
  /** Wall ms of the last change. */
  readonly changedAt: number;
  /** The encoded GroupDescriptor, which is what gets signed. */
  readonly descriptor: Uint8Array;
}

/** Which groups are asked for, in the order of their names. */
export interface GroupPage {
  /** Only names that begin so. */
  readonly prefix: string;
  /** Only names after this one; empty for all. */
  readonly after: string;
  readonly limit: number;
}

/** The directory of groups. Every method is one transaction; rejects with DatabaseError only. */
export interface GroupStore {
  findByName(name: string): Promise<GroupRecord | undefined>;
  findByKey(key: Id): Promise<GroupRecord | undefined>;
  /** Keeps a group unless another change came first: its version must follow the one that is kept (0 when none is). */
  put(group: GroupRecord): Promise<boolean>;
  /** Groups that are not deleted. */
  list(page: GroupPage): Promise<readonly GroupRecord[]>;
  /** How many groups there are that are not deleted. */
  count(): Promise<number>;
  /** How many groups of an owner are kept, deleted ones that are not forgotten yet included. */
  countOf(owner: string): Promise<number>;
  /** Forgets groups that were deleted before. */
  forgetDeleted(before: number): Promise<void>;
}
