import { OverlayError } from '@banyan/grpc';
import type { multicast } from '@banyan/proto';

/** Throws PUBLISH_NOT_ALLOWED unless the group lets `subject` publish: its owner may always. */
export function assertMayPublish(group: multicast.GroupDescriptor, subject: string): void {
  if (isNamed(group, group.publishers, subject)) return;
  throw new OverlayError('PUBLISH_NOT_ALLOWED', `the group ${group.name} does not let ${subject} publish`, { group: group.name, subject });
}

/** Throws SUBSCRIBE_NOT_ALLOWED unless the group lets `subject` subscribe: its owner may always. */
export function assertMaySubscribe(group: multicast.GroupDescriptor, subject: string): void {
  if (isNamed(group, group.subscribers, subject)) return;
  throw new OverlayError('SUBSCRIBE_NOT_ALLOWED', `the group ${group.name} does not let ${subject} subscribe`, { group: group.name, subject });
}

function isNamed(group: multicast.GroupDescriptor, subjects: readonly string[], subject: string): boolean {
  return subject === group.owner || subjects.includes('*') || subjects.includes(subject);
}
