// What the bench and its subscriber process say to each other over Node's channel between processes.

/** One subscription: at which node, and of which group. */
export interface SubscribeOrder {
  readonly type: 'subscribe';
  /** API addresses, one subscription each. */
  readonly addresses: readonly string[];
  readonly authorityFile: string;
  readonly token: string;
  readonly group: string;
}

/** Count a phase of so many messages; what arrives before the order is not counted. */
export interface CountOrder {
  readonly type: 'count';
  readonly phase: number;
  readonly messages: number;
  /** A phase ends incomplete when nothing arrives for so long, ms. */
  readonly quietMs: number;
}

export type Order = SubscribeOrder | CountOrder;

/** What all subscriptions got of a phase together. */
export interface PhaseResult {
  readonly phase: number;
  readonly received: number;
  readonly duplicates: number;
  readonly reordered: number;
  /** Gaps told by the overlay since the phase began. */
  readonly gaps: number;
  /** When the last message came, on the machine's monotonic clock, ms. */
  readonly lastMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export type Report =
  | { readonly type: 'subscribed' }
  | { readonly type: 'counting'; readonly phase: number }
  | { readonly type: 'counted'; readonly result: PhaseResult }
  | { readonly type: 'failed'; readonly message: string };
