// Who is slow and what can be done about it, in the words of the API.
import type { SlowReader } from '@banyan/multicast';
import { multicast } from '@banyan/proto';
import { toNode } from './to-proto.ts';

const POLICIES = { 'drop-oldest': multicast.SlowPolicy.DROP_OLDEST, detach: multicast.SlowPolicy.DETACH, block: multicast.SlowPolicy.BLOCK } as const;

/** Somebody who takes messages more slowly than they come. */
export function toSlowReader({ name, who, queueBytes, ageMs }: SlowReader): multicast.SlowReader {
  const common = { group: name ?? '', queueBytes: BigInt(queueBytes), ageMs: BigInt(Math.round(ageMs)) };
  if (who.type === 'child') return { ...common, who: { $case: 'child', value: toNode(who.node) }, policy: multicast.SlowPolicy.UNSPECIFIED, counted: false, remedy: OF_A_CHILD };
  return { ...common, who: { $case: 'client', value: who.client }, policy: POLICIES[who.policy], counted: who.counted, remedy: who.policy === 'block' && !who.counted ? OF_THE_UNCOUNTED : REMEDIES[who.policy] };
}

const REMEDIES = {
  'drop-oldest': 'Read faster, or split the group; what outlives the retention meanwhile is lost to this subscriber alone.',
  detach: 'Read faster; soon the stream ends with SLOW, and the subscriber may resume from where it was.',
  block: 'Read faster, or subscribe without block: publishers are held until this subscriber is detached.',
} as const;
const OF_THE_UNCOUNTED = 'Nobody waits for this subscriber: the group has no window, or it was detached twice within a minute.';
const OF_A_CHILD = 'Look at the processor and the link of this node; it is asked to move below a sibling, and nobody waits for it.';
