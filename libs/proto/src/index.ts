// The generated messages, services and codecs, one namespace per proto package. Made by `nx generate proto`.
export * as auth from './gen/banyan/auth/v1/auth.ts';
export * as bootstrap from './gen/banyan/bootstrap/v1/bootstrap.ts';
export * as builder from './gen/banyan/builder/v1/builder.ts';
export * as multicast from './gen/banyan/multicast/v1/multicast.ts';
export * as multicastPeer from './gen/banyan/multicast/v1/peer.ts';
export * as overlay from './gen/banyan/overlay/v1/overlay.ts';
export * as peer from './gen/banyan/overlay/v1/peer.ts';

/** Where the compiled FileDescriptorSet lies, for gRPC reflection. */
export const descriptorSetUrl = new URL('../src/gen/banyan.binpb', import.meta.url);
