// Nodes, hops and envelopes: what the messages of every protocol are made of.
import type { Coordinate, HopRecord, NodeHandle } from '@banyan/kbr';
import type { overlay, peer } from '@banyan/proto';
import { count, id, list, message, optional, real, small, text, word, type Field } from './fields.ts';

/** Hops in a record at most: `HOPS_MAX` and some. */
const RECORD_MAX = 64;

/** A node; the API address is for users only and stays empty between nodes. */
export const handle: Field<NodeHandle, overlay.Node> = {
  toWire: (node) => ({
    id: id.toWire(node.id),
    incarnation: count.toWire(node.incarnation),
    controlAddress: node.controlAddress,
    dataAddress: node.dataAddress,
    region: node.region,
    zone: node.zone,
    capacity: node.capacity,
    apiAddress: '',
  }),
  fromWire: (wire) => ({
    id: id.fromWire(wire.id),
    incarnation: count.fromWire(wire.incarnation),
    controlAddress: text.fromWire(wire.controlAddress),
    dataAddress: text.fromWire(wire.dataAddress),
    region: text.fromWire(wire.region),
    zone: text.fromWire(wire.zone),
    capacity: Math.max(1, wire.capacity),
  }),
};

/** Where a node lies. */
export const place = message<Coordinate, peer.Coordinate>({ x: small, y: small, height: small, error: small });

/** The nodes of a leaf set, a row, a list of backups. */
export const handles: Field<readonly NodeHandle[], overlay.Node[]> = list(handle);

/** The rules as the API numbers them. `self` is no hop and stands as unspecified. */
export const hopRule = word<HopRecord['rule'], overlay.HopRule>({
  'leaf-set': 1,
  'routing-table': 2,
  'rare-case': 3,
  application: 4,
  self: 0,
});

/** One hop of an explained route. */
export const hopRecord = message<HopRecord, overlay.Hop>({
  at: id,
  to: id,
  rule: hopRule,
  row: optional(small),
  column: optional(small),
  roundTripMs: optional(real),
  waitMs: real,
});

/** The hops of an explained route. */
export const hopRecords: Field<readonly HopRecord[], overlay.Hop[]> = list(hopRecord, RECORD_MAX);
