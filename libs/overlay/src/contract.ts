import type { Id } from '@banyan/ids';
import type { Application, LinkId, NodeHandle, RoutingEffect, RoutingInput } from '@banyan/kbr';
import type { PastryMessage } from '@banyan/pastry';

/** Any application, whatever it says; only `OverlayNode` looks at one this way. */
export type AnyApplication = Application<unknown, unknown, unknown, unknown>;

/** The applications of one node by name; the name is also `Envelope.app` and travels on the wire. */
export type Applications = Readonly<Record<string, AnyApplication>>;

export type BodyOf<A> = A extends Application<infer B, infer _C, infer _E, infer _F> ? B : never;
export type CommandOf<A> = A extends Application<infer _B, infer C, infer _E, infer _F> ? C : never;
export type EventOf<A> = A extends Application<infer _B, infer _C, infer E, infer _F> ? E : never;
export type FrameOf<A> = A extends Application<infer _B, infer _C, infer _E, infer F> ? F : never;

/** What the shell tells an overlay node. Link inputs and directs name the application they belong to. */
export type OverlayInput<A extends Applications, Message = PastryMessage> =
  | Extract<RoutingInput<Message>, { readonly type: 'message' | 'join' | 'leave' | 'suspect' | 'stalled' | 'tick' }>
  | {
      readonly [N in keyof A & string]:
        | { readonly type: 'command'; readonly app: N; readonly command: CommandOf<A[N]> }
        | { readonly type: 'direct'; readonly app: N; readonly from: NodeHandle; readonly body: BodyOf<A[N]> }
        | { readonly type: 'linkUp'; readonly app: N; readonly peer: NodeHandle; readonly link: LinkId; readonly dialled: boolean }
        | { readonly type: 'linkDown'; readonly app: N; readonly peer: NodeHandle; readonly link: LinkId | undefined; readonly dialled: boolean }
        | { readonly type: 'frame'; readonly app: N; readonly from: NodeHandle; readonly link: LinkId; readonly frame: FrameOf<A[N]> };
    }[keyof A & string];

/** What an overlay node asks of its shell. */
export type OverlayEffect<A extends Applications, Message = PastryMessage> =
  /** Routing's own: messages to peers, the ends of hop spans, and what is only told (counted, logged, watched). */
  | Extract<
      RoutingEffect<Message>,
      { readonly type: 'send' | 'hopDone' | 'leafSetChanged' | 'readyChanged' | 'peerDead' | 'peerFault' | 'drop' | 'note' }
    >
  /** A routed message reached its root here and went to its application: the end of its trace. */
  | { readonly type: 'delivered'; readonly app: string; readonly key: Id; readonly hops: number; readonly trace?: string }
  | {
      readonly [N in keyof A & string]:
        | { readonly type: 'event'; readonly app: N; readonly event: EventOf<A[N]> }
        | { readonly type: 'sendDirect'; readonly app: N; readonly to: NodeHandle; readonly body: BodyOf<A[N]> }
        | { readonly type: 'dial'; readonly app: N; readonly to: NodeHandle }
        | { readonly type: 'hangUp'; readonly app: N; readonly link: LinkId }
        | { readonly type: 'fanOut'; readonly app: N; readonly links: readonly LinkId[]; readonly frame: FrameOf<A[N]> };
    }[keyof A & string];
