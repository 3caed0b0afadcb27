import { idFromBytes, idToBytes, parseId, type Id } from '@banyan/ids';
import type { overlay } from '@banyan/proto';

/** A member of the ring as the API tells it. */
export interface RingNode {
  readonly id: Id;
  /** Which life of the node; a restart raises it. */
  readonly incarnation: bigint;
  /** `host:port` of the peer listeners. */
  readonly controlAddress: string;
  readonly dataAddress: string;
  /** `host:port` of its API, where the answering node knows it. */
  readonly apiAddress: string | undefined;
  readonly region: string;
  readonly zone: string;
  /** Children it carries at once. */
  readonly capacity: number;
}

/** Where a message goes: 32 hex digits name the place itself, any other text of 1 to 256 characters is hashed to one. */
export type KeyText = string;

/** The key that `text` means, as the API takes it. */
export function keyOf(text: KeyText): overlay.Key {
  const id = parseId(text);
  return id === undefined ? { key: { $case: 'name', value: text } } : { key: { $case: 'id', value: idToBytes(id) } };
}

/** A node of the API, with its id as text. */
export function ringNode(node: overlay.Node): RingNode {
  return {
    id: idFromBytes(node.id),
    incarnation: node.incarnation,
    controlAddress: node.controlAddress,
    dataAddress: node.dataAddress,
    apiAddress: node.apiAddress === '' ? undefined : node.apiAddress,
    region: node.region,
    zone: node.zone,
    capacity: node.capacity,
  };
}

/** Same as `ringNode`, where the API may leave the node out. */
export function optionalRingNode(node: overlay.Node | undefined): RingNode | undefined {
  return node === undefined || node.id.length === 0 ? undefined : ringNode(node);
}
