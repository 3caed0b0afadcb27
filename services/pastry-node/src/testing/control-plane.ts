// A control plane as small as a node needs, over real mutual TLS: what nodes tell it is kept for the specs to look at.
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type sendUnaryData, type ServerReadableStream, type ServerUnaryCall, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { listen, mutualTlsServerCredentials, OverlayError, toServiceError } from '@banyan/grpc';
import { groupKey, ownerOfGroup, signDescriptor, type Credentials, type Role } from '@banyan/identity';
import type { TestAuthority } from '@banyan/identity/testing';
import { idFromBytes, idToBytes } from '@banyan/ids';
import { bootstrap, builder, multicast } from '@banyan/proto';

/** What the stand-ins know and were told. */
export interface ControlPlane {
  readonly bootstrapAddress: string;
  readonly builderAddress: string;
  readonly jwksUrl: string;
  /** Nodes by id: registered, and ready as their last heartbeat said. */
  readonly nodes: ReadonlyMap<string, { readonly node: bootstrap.RegisterRequest['node']; readonly ready: boolean }>;
  /** Every report, oldest first. */
  readonly reports: readonly builder.ReportPlacesRequest[];
  /** Signs a group and puts it into the directory. */
  createGroup(name: string, fields?: Partial<multicast.GroupDescriptor>): multicast.SignedGroupDescriptor;
  /** Drops a node from the list, as a lease that ran out would. */
  forget(id: string): void;
  stop(): void;
}

export async function startControlPlane(trust: TestAuthority): Promise<ControlPlane> {
  const nodes = new Map<string, { node: bootstrap.RegisterRequest['node']; ready: boolean }>();
  const reports: builder.ReportPlacesRequest[] = [];
  const groups = new Map<string, multicast.SignedGroupDescriptor>();
  const signer = await trust.issue({ role: 'builder' });
  const list = await serve(trust, 'bootstrap', bootstrap.BootstrapServiceService, {
    register: answer(({ node }: bootstrap.RegisterRequest): bootstrap.RegisterResponse => {
      nodes.set(idFromBytes(node?.id ?? new Uint8Array()), { node, ready: false });
      return { leaseMs: 3_000 };
    }),
    heartbeat: answer(({ nodeId, ready }: bootstrap.HeartbeatRequest): bootstrap.HeartbeatResponse => {
      const entry = nodes.get(idFromBytes(nodeId));
      if (entry === undefined) throw new OverlayError('NOT_REGISTERED', 'the node is not registered');
      entry.ready = ready;
      return { leaseMs: 3_000 };
    }),
    deregister: answer(({ nodeId }: bootstrap.DeregisterRequest): bootstrap.DeregisterResponse => {
      nodes.delete(idFromBytes(nodeId));
      return {};
    }),
    list: answer((): bootstrap.ListResponse => ({ supernodes: [...nodes.values()].filter(({ ready }) => ready).map(({ node }) => ({ node, ageMs: 0, load: 0, ready: true })) })),
  });
  const directory = await serve(trust, 'builder', builder.TreeBuilderServiceService, {
    describeGroup: answer(({ group }: builder.DescribeGroupRequest): builder.DescribeGroupResponse => {
      const descriptor = group?.$case === 'name' ? groups.get(group.value) : undefined;
      if (descriptor === undefined) throw new OverlayError('GROUP_NOT_FOUND', 'no such group');
      return { descriptor, nodes: 0, subscribers: 0 };
    }),
    reportPlaces(call: ServerReadableStream<builder.ReportPlacesRequest, builder.ReportPlacesResponse>, callback: sendUnaryData<builder.ReportPlacesResponse>) {
      call.on('data', (report: builder.ReportPlacesRequest) => reports.push(report));
      call.on('end', () => callback(null, {}));
    },
  });
  const keys: HttpServer = createServer((_, response) => response.end(JSON.stringify(trust.tokenKeys)));
  await new Promise<void>((resolve) => keys.listen(0, '127.0.0.1', resolve));
  return {
    bootstrapAddress: list.address,
    builderAddress: directory.address,
    jwksUrl: `http://127.0.0.1:${(keys.address() as AddressInfo).port}/`,
    nodes,
    reports,
    createGroup(name, fields = {}) {
      const signed = signGroup(signer, name, fields);
      groups.set(name, signed);
      return signed;
    },
    forget: (id) => void nodes.delete(id),
    stop() {
      list.server.forceShutdown();
      directory.server.forceShutdown();
      keys.close();
      keys.closeAllConnections();
    },
  };
}

/** A reliable group anyone may use, unless `fields` say otherwise. */
export function signGroup(signer: Credentials, name: string, fields: Partial<multicast.GroupDescriptor> = {}): multicast.SignedGroupDescriptor {
  const descriptor = multicast.GroupDescriptor.fromPartial({
    name,
    owner: ownerOfGroup(name),
    key: idToBytes(groupKey(name)),
    delivery: multicast.Delivery.RELIABLE,
    retentionBytes: 16_777_216n,
    retentionMs: 60_000n,
    fanOutMax: 8,
    publishers: ['*'],
    subscribers: ['*'],
    createdAtMs: BigInt(Date.now()),
    version: 1n,
    ...fields,
  });
  return { ...signDescriptor(multicast.GroupDescriptor.encode(descriptor).finish(), signer) };
}

async function serve(trust: TestAuthority, role: Role, definition: ServiceDefinition, handlers: UntypedServiceImplementation) {
  const server = new Server();
  server.addService(definition, handlers);
  const { address } = await listen(server, '127.0.0.1:0', mutualTlsServerCredentials(await trust.issue({ role }), trust.pem));
  return { server, address };
}

function answer<Request, Response>(handle: (request: Request) => Response) {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
    try {
      callback(null, handle(call.request));
    } catch (error) {
      callback(toServiceError(error));
    }
  };
}
