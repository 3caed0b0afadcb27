import type { MethodDefinition, ServerCredentials } from '@grpc/grpc-js';

/** A generated service: methods by name in camel case, with ts-proto's codecs. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- grpc-js types a service of unlike methods so
export type ServiceMethods = Readonly<Record<string, MethodDefinition<any, any>>>;

/** One door of a service: an address, who may come in, and what they find. */
export interface Listener {
  /** Key of its address in the ready line: `api`, `peer`. */
  readonly name: string;
  /** `host:port`; port 0 takes any free one. */
  readonly listen: string;
  readonly credentials: ServerCredentials;
  /** Generated grpc-js definitions; every method needs a handler among the controllers. */
  readonly services: readonly ServiceMethods[];
  /** Whether strangers may ask what is served here (gRPC reflection). */
  readonly hasReflection: boolean;
}
