import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { handleBidiStreamingCall, MethodDefinition, Server, UntypedServiceImplementation } from '@grpc/grpc-js';
import { descriptorSetUrl } from '@banyan/proto';
import { serviceName } from './grpc-health.ts';
import type { ServiceMethods } from './listener.ts';

type ReflectionMethod = MethodDefinition<unknown, unknown>;

/** One version of the reflection service as its package makes it. */
interface Reflection {
  readonly method: ReflectionMethod;
  readonly answer: handleBidiStreamingCall<unknown, unknown>;
}

const METHOD = 'ServerReflectionInfo';
const VERSIONS = ['v1', 'v1alpha'] as const;

/**
 * Serves grpc.reflection (v1 and v1alpha) for the services of one listener, so that grpcurl and buf curl need no files.
 * The package and the descriptors are loaded by the first call, at once: they take 55 MB and 0.4 s of CPU here, and
 * most nodes are never asked.
 */
export function serveReflection(server: Server, services: readonly ServiceMethods[]): void {
  let loaded: readonly Reflection[] | undefined;
  const load = (version: number): Reflection => {
    loaded ??= loadReflection(services.map(serviceName));
    const reflection = loaded[version];
    if (reflection === undefined) throw new TypeError(`the reflection package serves ${VERSIONS.join(' and ')}`);
    return reflection;
  };
  VERSIONS.forEach((name, version) => {
    const method: ReflectionMethod = {
      path: `/grpc.reflection.${name}.ServerReflection/${METHOD}`,
      requestStream: true,
      responseStream: true,
      requestSerialize: (request) => load(version).method.requestSerialize(request),
      requestDeserialize: (bytes) => load(version).method.requestDeserialize(bytes),
      responseSerialize: (response) => load(version).method.responseSerialize(response),
      responseDeserialize: (bytes) => load(version).method.responseDeserialize(bytes),
    };
    const answer: Reflection['answer'] = (call) => load(version).answer(call);
    server.addService({ [METHOD]: method }, { [METHOD]: answer });
  });
}

// The package adds itself to a server; what it would add is caught instead, one service a version, in the order of VERSIONS.
function loadReflection(services: readonly string[]): readonly Reflection[] {
  // Loaded like this, and not by import(), because the first request is decoded synchronously.
  const require = createRequire(import.meta.url);
  const { loadFileDescriptorSetFromBuffer } = require('@grpc/proto-loader') as typeof import('@grpc/proto-loader');
  const { ReflectionService } = require('@grpc/reflection') as typeof import('@grpc/reflection');
  const caught: Reflection[] = [];
  const catcher = {
    addService(definition: Readonly<Record<string, ReflectionMethod>>, implementation: UntypedServiceImplementation): void {
      const [method] = Object.values(definition);
      const answer = implementation[METHOD];
      if (method !== undefined && answer !== undefined) caught.push({ method, answer: answer as Reflection['answer'] });
    },
  };
  new ReflectionService(loadFileDescriptorSetFromBuffer(readFileSync(descriptorSetUrl)), { services: [...services] }).addToServer(catcher as unknown as Server);
  return caught;
}
