import type { Millis } from '@banyan/sansio';

/** How patient a node is with its peers. */
export interface PeersConfig {
  /** Retransmission timeout before the first measurement. */
  readonly timeoutInitialMs: Millis;
  /** Smallest retransmission timeout; below it TCP's own recovery would be mistaken for loss. */
  readonly timeoutMinMs: Millis;
  readonly timeoutMaxMs: Millis;
  /** Pings to a ring neighbor before others are asked; each waits twice as long as the one before. */
  readonly verifyTries: number;
  /** Attempts to reach another peer in our tables before it counts as silent; a message that it left unacknowledged is one. */
  readonly checkTries: number;
  /** Pings to a mere candidate before it is forgotten. */
  readonly measureTries: number;
  /** How many others are asked to ping a silent member. */
  readonly indirectHelpers: number;
  /** How long a dead life is remembered, so that hearsay does not bring it back. */
  readonly failedForMs: Millis;
  readonly failedMax: number;
  /** A dead life that others still, or again, have as a leaf is asked for so long after its death. */
  readonly quarantineMs: Millis;
  /** How many of the latest dead are told in a leaf-set probe. */
  readonly failedToldMax: number;
  /** How long a peer that only others can reach stays out of our routes. */
  readonly unreachableForMs: Millis;
  readonly unreachableMax: number;
  /** Peers remembered; at the bound the one longest known that stands in no table goes. Tables hold about 140 in a large ring. */
  readonly recordsMax: number;
  /** Probes under way to mere candidates; at the bound a new one is not begun. */
  readonly measuresMax: number;
  /** Probes of mere candidates begun in a second, on average; a newcomer may begin `measuresBurst` at once. Beyond, none is begun. */
  readonly measuresPerSecond: number;
  readonly measuresBurst: number;
  /** Pings made for others that wait for an answer; at the bound the oldest goes. */
  readonly relaysMax: number;
}

/**
 * Sources: initial and largest timeout, retention of 15 minutes and 20 told entries: FreePastry 2.1 (`freepastry.params`);
 * the smallest timeout is 250 ms since links run over TCP; three helpers: Das et al. 2002 (SWIM), §3.1.
 * FreePastry pings five times from 800 ms before it believes a death; of a ring neighbor we ping three times from the
 * measured timeout and then once more beside three indirect probes. Where only a route goes around two attempts do, and one
 * where another has found the death already.
 */
export const DEFAULT_PEERS_CONFIG: PeersConfig = {
  timeoutInitialMs: 1_000,
  timeoutMinMs: 250,
  timeoutMaxMs: 10_000,
  verifyTries: 3,
  checkTries: 2,
  measureTries: 2,
  indirectHelpers: 3,
  failedForMs: 15 * 60_000,
  failedMax: 256,
  quarantineMs: 60_000,
  failedToldMax: 20,
  unreachableForMs: 300_000,
  unreachableMax: 256,
  recordsMax: 320,
  measuresMax: 512,
  measuresPerSecond: 10,
  measuresBurst: 128,
  relaysMax: 256,
};
