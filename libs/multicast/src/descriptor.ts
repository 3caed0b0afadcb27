import type { Id } from '@banyan/ids';
import type { EpochRecord } from './epoch.ts';

declare const verifiedBrand: unique symbol;

/** Something whose signature was checked. Only a shell (or the simulator's own maker) casts to it, while decoding. */
export type Verified<T> = T & { readonly [verifiedBrand]: true };

/** What a group promises: may drop, total order within an epoch, or receipted means kept by a majority of voters. */
export type DeliveryClass = 'best-effort' | 'ordered' | 'reliable';

/**
 * How far a group waits for its slowest counted subscriber: once he is `bytes` behind publishers are held, for `maxWaitMs` at
 * most; then he is detached and the group goes on.
 */
export interface Backpressure {
  readonly bytes: number;
  readonly maxWaitMs: number;
}

/**
 * What everybody in a group agrees on. Signed by the tree builder; travels with joins and graft acknowledgements, so a
 * node that never saw the group can join it while the control plane is down. A higher `version` replaces a lower one.
 */
export interface GroupDescriptor {
  /** First 128 bits of SHA-256 of owner and name: the group's place on the ring. */
  readonly group: Id;
  /** `owner/segment/…`. */
  readonly name: string;
  readonly owner: string;
  readonly version: number;
  readonly delivery: DeliveryClass;
  /** Payload bytes that every forwarder keeps, the newest first. */
  readonly retentionBytes: number;
  /** For how long it keeps them, ms. The newest frame is kept whatever its age. */
  readonly retentionMs: number;
  /** Tree children a node takes for this group (voters and two grace places not counted); at least 1. */
  readonly fanOutMax: number;
  /** Absent: nobody is waited for. */
  readonly backpressure?: Backpressure;
  /** Trees that share the payloads, 2 to 16; absent: one tree carries everything. */
  readonly stripes?: number;
  /** With 3 stripes or more: the last one carries the parity of the others, from which a payload that one of them lacks is rebuilt. */
  readonly parity?: boolean;
  /** Present in what is derived from the descriptor for one of the stripes: which group it is a stripe of. Not signed. */
  readonly stripe?: { readonly of: Id; readonly index: number };
  /** Who may publish and subscribe: subjects or patterns, read by the shells and opaque here. */
  readonly publishRules: readonly string[];
  readonly subscribeRules: readonly string[];
  /** True once the group was deleted: everybody leaves. */
  readonly closed: boolean;
  /** Where the group starts; absent: at the owner of its key with its nearest leaves as voters. */
  readonly firstRecord?: EpochRecord;
  /** The signature over the rest, kept so that others can check it; opaque here. */
  readonly signature: unknown;
}
