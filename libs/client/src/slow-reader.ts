import { multicast } from '@banyan/proto';
import { optionalRingNode, type RingNode } from './ring-node.ts';

/** What becomes of a subscriber who reads too slowly: see `SubscribeOptions.slow`. */
export type SlowPolicy = 'drop-oldest' | 'detach' | 'block';

/** Somebody who takes messages of a node more slowly than they come. */
export interface SlowReader {
  readonly group: string;
  /** A subscriber, as his token names him; or a node below this one in the group's tree. */
  readonly client: string | undefined;
  readonly child: RingNode | undefined;
  /** What waits for him. */
  readonly queueBytes: bigint;
  /** For how long he has had no room. */
  readonly ageMs: number;
  readonly policy: SlowPolicy | undefined;
  /** Publishers are held for him. */
  readonly isCounted: boolean;
  /** What can be done, one sentence. */
  readonly remedy: string;
}

/** A slow reader of the API. */
export function slowReader({ group, who, queueBytes, ageMs, policy, counted, remedy }: multicast.SlowReader): SlowReader {
  return {
    group,
    client: who?.$case === 'client' ? who.value : undefined,
    child: optionalRingNode(who?.$case === 'child' ? who.value : undefined),
    queueBytes,
    ageMs: Number(ageMs),
    policy: POLICIES.find(([, wire]) => wire === policy)?.[0],
    isCounted: counted,
    remedy,
  };
}

/** A policy as the API has it. */
export function policyMessage(policy: SlowPolicy | undefined): multicast.SlowPolicy {
  return POLICIES.find(([name]) => name === policy)?.[1] ?? multicast.SlowPolicy.UNSPECIFIED;
}

const POLICIES: readonly (readonly [SlowPolicy, multicast.SlowPolicy])[] = [
  ['drop-oldest', multicast.SlowPolicy.DROP_OLDEST],
  ['detach', multicast.SlowPolicy.DETACH],
  ['block', multicast.SlowPolicy.BLOCK],
];
