export { DEFAULT_HOP_DELIVERY_CONFIG, type HopDeliveryConfig } from './config.ts';
export { HopDelivery, type HopDeliveryDeps, type HopEffect, type HopNumbers, type RouteRequest } from './hop-delivery.ts';
export type { HopMessage } from './messages.ts';
