import type { Id } from '@banyan/ids';
import type { HopRecord, NodeHandle } from '@banyan/kbr';

/** What an external application's routed message carries, and what the root answers directly. */
export type AttachedBody =
  /** The payload is opaque to every node. */
  | { readonly type: 'message'; readonly requestId: number; readonly application: string; readonly payload: Uint8Array }
  | {
      readonly type: 'answer';
      readonly requestId: number;
      /** False: no application of that name is attached at the root. */
      readonly delivered: boolean;
      readonly hops: number;
      /** Present when the route was to be explained. */
      readonly record?: readonly HopRecord[];
    };

export type AttachedCommand =
  | { readonly type: 'attach'; readonly name: string }
  | { readonly type: 'detach'; readonly name: string }
  /** Answered by `routed` or `routeFailed` with the same `requestId`, which is unique among the open ones. */
  | {
      readonly type: 'route';
      readonly requestId: number;
      readonly application: string;
      readonly key: Id;
      readonly payload: Uint8Array;
      readonly explain?: boolean;
      readonly trace?: string;
    };

/** Why a routed payload was not delivered, or nobody knows whether it was (`timeout`). */
export type RouteFailure = 'no_application' | 'timeout' | 'too_many_requests';

export type AttachedEvent =
  | { readonly type: 'attached'; readonly name: string }
  /** The name is taken or too many are attached. */
  | { readonly type: 'refused'; readonly name: string; readonly reason: 'already_attached' | 'too_many_applications' }
  /** This node is the root of the message's key. */
  | {
      readonly type: 'deliver';
      readonly application: string;
      readonly key: Id;
      readonly payload: Uint8Array;
      readonly origin: NodeHandle;
      readonly hops: number;
      readonly trace?: string;
    }
  /** The root has handed the payload to the application. */
  | { readonly type: 'routed'; readonly requestId: number; readonly root: NodeHandle; readonly hops: number; readonly record?: readonly HopRecord[] }
  | { readonly type: 'routeFailed'; readonly requestId: number; readonly reason: RouteFailure }
  /** Told once for every attached application. */
  | {
      readonly type: 'leafSetChanged';
      readonly application: string;
      readonly gained: readonly NodeHandle[];
      readonly lost: readonly NodeHandle[];
      readonly merged: boolean;
    };
