import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { z } from 'zod';
import { idFromBytes, type Id } from '@banyan/ids';
import { OverlayError } from '@banyan/grpc';
import type { PeerIdentity } from '@banyan/identity';
import type { bootstrap, overlay } from '@banyan/proto';
import { Access, FromPeer, Request, RequirePeer } from '@banyan/service-kit';
import { deregisterRequest, heartbeatRequest, listRequest, registerRequest } from './bootstrap.requests.ts';
import { SupernodeDirectory } from './supernode-directory.ts';

/** banyan.bootstrap.v1.BootstrapService. Nodes speak for themselves only: the id is the one in their certificate. */
@Controller()
export class BootstrapHandler {
  constructor(@Inject(SupernodeDirectory) private readonly directory: SupernodeDirectory<overlay.Node>) {}

  @GrpcMethod('BootstrapService', 'Register')
  @RequirePeer()
  register(@Request(registerRequest) { node, load }: z.infer<typeof registerRequest>, @FromPeer() peer: PeerIdentity): bootstrap.RegisterResponse {
    const id = idFromBytes(node.id);
    assertSelf(peer, id);
    if (!this.directory.register({ id, incarnation: node.incarnation, region: node.region, node, load }, now())) {
      throw new OverlayError('REQUEST_INVALID', 'node.incarnation: a later life of this node is registered', { field: 'node.incarnation' });
    }
    return { leaseMs: this.directory.leaseMs };
  }

  @GrpcMethod('BootstrapService', 'Heartbeat')
  @RequirePeer()
  heartbeat(@Request(heartbeatRequest) request: z.infer<typeof heartbeatRequest>, @FromPeer() peer: PeerIdentity): bootstrap.HeartbeatResponse {
    const { nodeId: id, incarnation, load, ready } = request;
    assertSelf(peer, id);
    if (!this.directory.heartbeat({ id, incarnation, load, ready }, now())) {
      throw new OverlayError('NOT_REGISTERED', 'this life of the node is not registered, or its lease ran out');
    }
    return { leaseMs: this.directory.leaseMs };
  }

  @GrpcMethod('BootstrapService', 'Deregister')
  @RequirePeer()
  deregister(@Request(deregisterRequest) { nodeId }: z.infer<typeof deregisterRequest>, @FromPeer() peer: PeerIdentity): bootstrap.DeregisterResponse {
    assertSelf(peer, nodeId);
    this.directory.deregister(nodeId);
    return {};
  }

  @GrpcMethod('BootstrapService', 'List')
  @Access({ type: 'peer' }, { type: 'token' })
  list(@Request(listRequest) query: z.infer<typeof listRequest>): bootstrap.ListResponse {
    const at = now();
    const supernodes = this.directory.list(query, at);
    return { supernodes: supernodes.map(({ node, signAt, load, ready }) => ({ node, ageMs: Math.round(at - signAt), load, ready })) };
  }
}

function assertSelf(peer: PeerIdentity, id: Id): void {
  if (peer.id !== id) throw new OverlayError('NOT_YOURSELF', `the certificate is of ${peer.id}, the request for ${id}`, { id: peer.id });
  if (peer.role !== 'node') throw new OverlayError('NOT_YOURSELF', `only ring members are listed, not the role ${peer.role}`, { role: peer.role });
}

// Leases are about durations: a clock that is set must not end them.
function now(): number {
  return performance.now();
}
