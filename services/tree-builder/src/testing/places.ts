import { idFromBigInt, idToBytes, type Id } from '@banyan/ids';
import { multicast, type builder, type overlay } from '@banyan/proto';

/** The id of the n-th node of a spec. */
export function nodeId(number: number): Id {
  return idFromBigInt(BigInt(number));
}

/** The n-th node of a spec, with addresses. */
export function nodeOf(id: Id, incarnation = 1n): overlay.Node {
  const addresses = { controlAddress: '127.0.0.1:1', dataAddress: '127.0.0.1:2', apiAddress: '127.0.0.1:3' };
  return { id: idToBytes(id), incarnation, region: 'here', zone: '', capacity: 8, ...addresses };
}

/** A place in `ann/news`. */
export function placeOf(change: Partial<multicast.Place> = {}): multicast.Place {
  const counters = { subscribers: 1, epoch: 1n, low: 0n, committed: 5n, next: 6n, voter: false, fanOut: 8, publishers: [] };
  return { group: 'ann/news', node: undefined, role: multicast.Role.LEAF, parent: undefined, children: [], ...counters, ...change };
}

/** A report of a node, with nothing in it but what is given. */
export function reportOf(node: overlay.Node | undefined, parts: Partial<builder.ReportPlacesRequest> = {}): builder.ReportPlacesRequest {
  return { node, places: [], left: [], at: undefined, measured: [], coverages: [], ...parts };
}
