// What the suite and its parties say to each other over Node's channel between processes.
import type { PhaseResult } from '../load/subscriber-protocol.ts';
import type { PartySetup } from './system.ts';
import type { RelaySystemName } from './systems/index.ts';

/** Which party a process is. */
export type PartyRole = 'relay' | 'source' | 'sinks';

export type PartyOrder =
  /** Take your place; answered by `stands`. */
  | { readonly type: 'stand'; readonly system: RelaySystemName; readonly role: PartyRole; readonly relay: string; readonly setup: PartySetup }
  /** To the relay: the source stands, or all stand; answered by `met`. */
  | { readonly type: 'meet'; readonly whom: 'source' | 'sinks' }
  /** To the source: send so many, as fast as they are taken or at a rate; answered by `sent`. */
  | { readonly type: 'send'; readonly phase: number; readonly messages: number; readonly perSecond: number | undefined }
  /** To the source: every sink has so many of the phase. */
  | { readonly type: 'progress'; readonly received: number }
  /** To the sinks: answered by `counting` at once and by `counted` when all came, or nothing came for `quietMs`. */
  | { readonly type: 'count'; readonly phase: number; readonly messages: number; readonly quietMs: number };

export type PartyReport =
  | { readonly type: 'stands'; readonly address: string }
  | { readonly type: 'met' }
  | { readonly type: 'sent' }
  | { readonly type: 'counting' }
  /** Of the sinks, unasked. */
  | { readonly type: 'progress'; readonly received: number }
  | { readonly type: 'counted'; readonly result: PhaseResult }
  | { readonly type: 'failed'; readonly message: string };
