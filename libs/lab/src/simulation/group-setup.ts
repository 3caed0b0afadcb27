import type { Id } from '@banyan/ids';
import type { DeliveryClass, GroupDescriptor, Multicast, Verified } from '@banyan/multicast';
import type { ProbeApplications } from './probe.ts';

/** Nodes that also multicast. */
export type GroupApplications = ProbeApplications & { readonly multicast: Multicast };

/** A group whose descriptor counts as checked: the simulation's own maker stands for signer and verifier. */
export function labGroup(group: Id, name: string, delivery: DeliveryClass): Verified<GroupDescriptor> {
  const descriptor: GroupDescriptor = {
    group,
    name: `lab/${name}`,
    owner: 'lab',
    version: 1,
    delivery,
    retentionBytes: 16 * 1_048_576,
    retentionMs: 1_200_000,
    fanOutMax: 4,
    publishRules: [],
    subscribeRules: [],
    closed: false,
    signature: undefined,
  };
  return descriptor as Verified<GroupDescriptor>;
}
