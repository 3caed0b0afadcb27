// What the overlay says, in the words of the API.
import { idToBytes } from '@banyan/ids';
import type { HopRecord, HopRule, NodeHandle } from '@banyan/kbr';
import { multicast, overlay } from '@banyan/proto';
import type { AttachmentEvent, GroupPlace, SubscriptionEvent } from '@banyan/host';
import { nodeCodec } from '@banyan/wire';
import type { SubscribeReply } from './subscribe-bytes.ts';

const RULES: Readonly<Record<HopRule, overlay.HopRule>> = {
  'leaf-set': overlay.HopRule.LEAF_SET,
  'routing-table': overlay.HopRule.ROUTING_TABLE,
  'rare-case': overlay.HopRule.RARE_CASE,
  application: overlay.HopRule.APPLICATION,
  self: overlay.HopRule.UNSPECIFIED,
};

const ROLES: Readonly<Record<GroupPlace['role'], multicast.Role>> = {
  root: multicast.Role.ROOT,
  forwarder: multicast.Role.FORWARDER,
  leaf: multicast.Role.LEAF,
  orphan: multicast.Role.FORWARDER,
  closed: multicast.Role.UNSPECIFIED,
};

const GAP_REASONS: Readonly<Record<Extract<SubscriptionEvent, { type: 'gap' }>['reason'], multicast.GapReason>> = {
  EXPIRED: multicast.GapReason.EXPIRED,
  OTHER_EPOCH: multicast.GapReason.OTHER_EPOCH,
  LOST_STATE: multicast.GapReason.LOST_STATE,
  DROPPED: multicast.GapReason.DROPPED,
};

/** Nodes that publish, named in one place. */
const PUBLISHERS_MAX = 16;

/** A node; its API address only where it speaks of itself. */
export function toNode(handle: NodeHandle, apiAddress = ''): overlay.Node {
  return { ...nodeCodec.toWire(handle), apiAddress };
}

/** Nodes without API addresses: those of others are not known here. */
export function toNodes(handles: readonly NodeHandle[]): overlay.Node[] {
  return handles.map((handle) => toNode(handle));
}

/** One hop of an explained route. */
export function toHop(hop: HopRecord): overlay.Hop {
  return {
    at: idToBytes(hop.at),
    to: idToBytes(hop.to),
    rule: RULES[hop.rule],
    row: hop.row,
    column: hop.column,
    roundTripMs: hop.roundTripMs,
    waitMs: hop.waitMs,
  };
}

/** What an attached application is told. */
export function toAttachResponse(event: AttachmentEvent): overlay.AttachResponse {
  switch (event.type) {
    case 'deliver': {
      const { key, payload, origin, hops } = event;
      return { event: { $case: 'deliver', value: { key: idToBytes(key), payload, origin: toNode(origin), hops } } };
    }
    case 'leafSetChanged':
      return { event: { $case: 'leafSetChanged', value: { gained: toNodes(event.gained), lost: toNodes(event.lost), merged: event.merged } } };
    case 'forward': {
      const { forwardId, key, payload, origin, hops, nextHop, otherHops } = event;
      const value = { forwardId: BigInt(forwardId), key: idToBytes(key), payload, origin: toNode(origin), hops, nextHop: toNode(nextHop), otherHops: toNodes(otherHops) };
      return { event: { $case: 'forward', value } };
    }
    case 'forwardRefused':
      return { event: { $case: 'forwardRefused', value: { forwardId: BigInt(event.forwardId), reason: event.reason } } };
  }
}

/** A place in a tree. `name` is the group's; `node` whose place it is. */
export function toPlace(name: string, node: overlay.Node, place: GroupPlace | undefined): multicast.Place {
  return {
    group: name,
    node,
    role: place === undefined ? multicast.Role.UNSPECIFIED : ROLES[place.role],
    parent: place?.parent === undefined ? undefined : toNode(place.parent),
    children: toNodes(place?.children ?? []),
    subscribers: place?.subscriptions ?? 0,
    epoch: BigInt(place?.epoch?.counter ?? 0),
    low: BigInt(place?.low ?? 0),
    // The API names the last committed sequence, the machine the first that is not; 0 is "none" in both.
    committed: BigInt(Math.max(0, (place?.committed ?? 0) - 1)),
    next: BigInt(place?.next ?? 0),
    voter: place?.isVoter ?? false,
    fanOut: place?.fanOut ?? 0,
    publishers: toNodes((place?.publishers ?? []).slice(0, PUBLISHERS_MAX)),
  };
}

/** What a subscriber is told; messages stay packed as they came (`subscribe-bytes`). */
export function toSubscribeResponse(event: SubscriptionEvent): SubscribeReply {
  switch (event.type) {
    case 'subscribed':
      return { response: { $case: 'subscribed', value: { nextSequence: BigInt(event.nextSequence), descriptor: event.descriptor } } };
    case 'messages':
      // The root's stamp has fractions of a millisecond where it has not been on the wire yet.
      return { packed: event.payload, firstSequence: BigInt(event.firstSequence), stampMs: BigInt(Math.floor(event.stampMs)), fragment: event.fragment };
    case 'gap':
      return { response: { $case: 'gap', value: { firstSequence: BigInt(event.from), lastSequence: BigInt(event.to - 1), reason: GAP_REASONS[event.reason] } } };
    case 'anycast':
      return { response: { $case: 'anycast', value: { offer: BigInt(event.offer), payload: event.payload, origin: toNode(event.origin) } } };
    case 'aborted': {
      const sequence = BigInt(event.sequence);
      return { response: { $case: 'gap', value: { firstSequence: sequence, lastSequence: sequence, reason: multicast.GapReason.ABORTED, publisher: event.publisher } } };
    }
  }
}
