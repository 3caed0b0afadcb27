import { readFileSync } from 'node:fs';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import type { Server } from '@grpc/grpc-js';
import { descriptorSetUrl } from '@banyan/proto';
import { serviceName } from './grpc-health.ts';
import type { ServiceMethods } from './grpc-transport.ts';

/** Serves grpc.reflection (v1 and v1alpha) for the services of one listener, so that grpcurl and buf curl need no files. */
export function serveReflection(server: Server, services: readonly ServiceMethods[]): void {
  const descriptors = loadFileDescriptorSetFromBuffer(readFileSync(descriptorSetUrl));
  new ReflectionService(descriptors, { services: services.map(serviceName) }).addToServer(server);
}
