import type { LinkPeer, LinkTarget } from '@banyan/grpc';
import type { NodeHandle } from '@banyan/kbr';
import { idToBytes } from '@banyan/ids';
import type { overlay } from '@banyan/proto';
import { nodeCodec } from '@banyan/wire';

// A link has one peer object while it lasts, so its handle is read once and not at every message.
const handles = new WeakMap<LinkPeer, NodeHandle>();
const targets = new WeakMap<LinkTarget, NodeHandle>();

/** The handle of whoever is at the other end of a link. */
export function handleOf(peer: LinkPeer): NodeHandle {
  const known = handles.get(peer);
  if (known !== undefined) return known;
  const handle = nodeCodec.fromWire(peer.node);
  handles.set(peer, handle);
  return handle;
}

/** Where a control link to a node is dialled. */
export function controlTarget(node: NodeHandle): LinkTarget {
  return targetOf(node, node.controlAddress);
}

/** Where a data link to a node is dialled. */
export function dataTarget(node: NodeHandle): LinkTarget {
  return targetOf(node, node.dataAddress);
}

/** The node that a target was made for. */
export function nodeOf(target: LinkTarget): NodeHandle | undefined {
  return targets.get(target);
}

/** A handle as handshakes and the API tell it. */
export function toNode(handle: NodeHandle): overlay.Node {
  return { ...handle, id: idToBytes(handle.id), incarnation: BigInt(handle.incarnation), apiAddress: '' };
}

function targetOf(node: NodeHandle, address: string): LinkTarget {
  const target = { id: node.id, incarnation: node.incarnation, address };
  targets.set(target, node);
  return target;
}
