import type { FullApplications, OverlayEffect, OverlayInput } from '@banyan/overlay';

/** What goes into a node's machine. */
export type HostInput = OverlayInput<FullApplications>;

/** What comes out of it. */
export type HostEffect = OverlayEffect<FullApplications>;

/** An event of one application. */
export type EventFrom<App extends string> = Extract<HostEffect, { readonly type: 'event'; readonly app: App }>['event'];
