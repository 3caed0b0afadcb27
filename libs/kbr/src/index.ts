export { NOWHERE, type Coordinate } from './coordinate.ts';
export { handleState, sameIncarnation, type NodeHandle } from './handle.ts';
export { envelopeName, type Envelope, type HopRecord, type HopRule, type Seek } from './envelope.ts';
export type { Application, Downcall, LinkId, Upcall } from './application.ts';
export {
  HOPS_MAX,
  type Geometry,
  type Hop,
  type HopAttempt,
  type HopId,
  type Routing,
  type RoutingEffect,
  type RoutingInput,
  type RoutingView,
} from './routing.ts';
