import type { Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';

/** What an external application's routed message carries; the payload is opaque to every node. */
export interface AttachedBody {
  readonly application: string;
  readonly payload: Uint8Array;
}

export type AttachedCommand =
  | { readonly type: 'attach'; readonly name: string }
  | { readonly type: 'detach'; readonly name: string }
  | { readonly type: 'route'; readonly application: string; readonly key: Id; readonly payload: Uint8Array; readonly trace?: string };

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
  /** Told once for every attached application. */
  | {
      readonly type: 'leafSetChanged';
      readonly application: string;
      readonly gained: readonly NodeHandle[];
      readonly lost: readonly NodeHandle[];
    };
