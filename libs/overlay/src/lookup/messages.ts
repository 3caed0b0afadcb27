import type { Id } from '@banyan/ids';
import type { HopRecord, NodeHandle } from '@banyan/kbr';

/** What the lookup application routes to a root, and what the root answers directly. */
export type LookupBody =
  | { readonly type: 'find'; readonly requestId: number; readonly replicas: number; readonly dryRun: boolean }
  | {
      readonly type: 'found';
      readonly requestId: number;
      /** The root itself first, then the next closest live nodes. */
      readonly replicaSet: readonly NodeHandle[];
      readonly hops: number;
      /** Present when the route was to be explained. */
      readonly record?: readonly HopRecord[];
    };

/** `requestId` is chosen by the caller and comes back in the event; unique among its open requests. */
export type LookupCommand =
  | { readonly type: 'lookup'; readonly requestId: number; readonly key: Id; readonly replicas: number; readonly trace?: string }
  /** Explains the route to `key`. Unless `dryRun`, the root tells its own users with `traceArrived`. */
  | { readonly type: 'trace'; readonly requestId: number; readonly key: Id; readonly dryRun: boolean; readonly trace?: string };

/** Why a lookup or trace ended without an answer. */
export type LookupFailure = 'timeout' | 'too_many_requests';

export type LookupEvent =
  | {
      readonly type: 'found';
      readonly requestId: number;
      readonly key: Id;
      readonly root: NodeHandle;
      readonly replicaSet: readonly NodeHandle[];
      readonly hops: number;
      /** Every hop of the route that answered; only for `trace`. */
      readonly record?: readonly HopRecord[];
    }
  | { readonly type: 'failed'; readonly requestId: number; readonly key: Id; readonly reason: LookupFailure }
  | { readonly type: 'traceArrived'; readonly key: Id; readonly from: NodeHandle; readonly hops: number };
