import type { Id } from '@banyan/ids';
import type { HopRecord, NodeHandle } from '@banyan/kbr';

/** What an external application's routed message carries, and what the root answers directly. */
export type AttachedBody =
  /** The payload is opaque to every node. */
  | { readonly type: 'message'; readonly requestId: number; readonly application: string; readonly payload: Uint8Array }
  | {
      readonly type: 'answer';
      readonly requestId: number;
      /** False: no application of that name is attached at the root, or one on the way stopped the message. */
      readonly delivered: boolean;
      /** An attached application on the way took the message out. */
      readonly stopped: boolean;
      readonly hops: number;
      /** Present when the route was to be explained. */
      readonly record?: readonly HopRecord[];
    };

/** What an application makes of a message that was offered to it. */
export type ForwardDecision =
  | { readonly type: 'stop' }
  /** It goes on, with another payload where one is given, by the given hop where that makes progress. */
  | { readonly type: 'pass'; readonly payload?: Uint8Array; readonly nextHop?: Id };

/**
 * What became of a message that was offered. `passed`, `changed`, `redirected`, `stopped`: as the application said;
 * `refused`: the hop it chose makes no progress. The others went on as they were: no answer in time, too many waiting,
 * the application detached or asks no more.
 */
export type ForwardOutcome = 'passed' | 'changed' | 'redirected' | 'stopped' | 'refused' | 'app_timeout' | 'app_full' | 'app_gone';

export type AttachedCommand =
  | { readonly type: 'attach'; readonly name: string }
  | { readonly type: 'detach'; readonly name: string }
  /** The application wants to see messages to keys that begin with one of these hex digits (`''`: all); none: no more. */
  | { readonly type: 'askForwards'; readonly name: string; readonly prefixes: readonly string[] }
  /** Its answer to a `forward`. */
  | { readonly type: 'answerForward'; readonly name: string; readonly forwardId: number; readonly decision: ForwardDecision }
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
export type RouteFailure = 'no_application' | 'stopped' | 'timeout' | 'too_many_requests';

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
  /** A message on its way waits for this application's answer; it would go to `nextHop`, and may go to one of `otherHops`. */
  | {
      readonly type: 'forward';
      readonly application: string;
      readonly forwardId: number;
      readonly key: Id;
      readonly payload: Uint8Array;
      readonly origin: NodeHandle;
      readonly hops: number;
      readonly nextHop: NodeHandle;
      readonly otherHops: readonly NodeHandle[];
    }
  /** For counting. */
  | { readonly type: 'forwarded'; readonly application: string; readonly outcome: ForwardOutcome }
  /** `unknown_forward`: no message waits for it, mostly because it came too late. The message went on as it was. */
  | { readonly type: 'answerRefused'; readonly application: string; readonly forwardId: number; readonly reason: 'unknown_forward' | 'no_progress' }
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
