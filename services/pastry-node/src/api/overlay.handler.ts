import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall } from '@nestjs/microservices';
import { EMPTY, type Observable } from 'rxjs';
import { OverlayError } from '@banyan/grpc';
import type { Ask, Attachment, Neighbors, Overlay } from '@banyan/host';
import { idToBytes } from '@banyan/ids';
import type { overlay } from '@banyan/proto';
import { canonicalJson } from '@banyan/sansio';
import { Call, cancelSignal, checkRequest, onCancel, Request, RequireScope, requests, send, Traceparent, type Cancellable, type DuplexCall, type ResponseStream } from '@banyan/service-kit';
import type { Drain } from '../drain/drain.ts';
import { DRAIN, OVERLAY, SELF, type SelfNode } from '../ports.ts';
import { answerRequest, attachRequest, lookupRequest, replicaSetRequest, routeRequest, traceRequest, type LookupOrder, type RouteOrder, type TraceOrder } from './overlay.requests.ts';
import { toAttachResponse, toHop, toNode, toNodes } from './to-proto.ts';

/** banyan.overlay.v1.OverlayService: key-based routing for clients with a token. */
@Controller()
export class OverlayHandler {
  readonly #overlay: Overlay;
  readonly #self: SelfNode;
  readonly #drain: Drain;

  constructor(@Inject(OVERLAY) node: Overlay, @Inject(SELF) self: SelfNode, @Inject(DRAIN) drain: Drain) {
    this.#overlay = node;
    this.#self = self;
    this.#drain = drain;
  }

  @GrpcMethod('OverlayService', 'Route')
  @RequireScope('route')
  async route(@Request(routeRequest) order: RouteOrder, @Call() call: Cancellable, @Traceparent() trace: string | undefined): Promise<overlay.RouteResponse> {
    const { root, hops } = await this.#overlay.route(order, askOf(call, trace));
    return { root: toNode(root), hops: hops.length };
  }

  @GrpcMethod('OverlayService', 'Lookup')
  @RequireScope('route')
  async lookup(@Request(lookupRequest) order: LookupOrder, @Call() call: Cancellable, @Traceparent() trace: string | undefined): Promise<overlay.LookupResponse> {
    const { key, root, replicas, hops, elapsedMs } = await this.#overlay.lookup(order.key, { ...askOf(call, trace), replicas: order.replicas });
    return { root: toNode(root), replicas: toNodes(replicas), hops, elapsedMs, key: idToBytes(key) };
  }

  @GrpcMethod('OverlayService', 'Trace')
  @RequireScope('route')
  async trace(@Request(traceRequest) order: TraceOrder, @Call() call: Cancellable, @Traceparent() trace: string | undefined): Promise<overlay.TraceResponse> {
    const ask = askOf(call, trace);
    const answer = order.dryRun ? await this.#overlay.trace(order.key, ask) : await this.#overlay.route(order, ask);
    const { key, root, hops, elapsedMs, directRoundTripMs } = answer;
    return { root: toNode(root), hops: hops.map(toHop), elapsedMs, directRoundTripMs, key: idToBytes(key) };
  }

  @GrpcMethod('OverlayService', 'GetState')
  @RequireScope('admin')
  getState(): overlay.GetStateResponse {
    const { ready, state, digest } = this.#overlay.state();
    return { node: this.#node(), ready, stateJson: canonicalJson(state), digest };
  }

  @GrpcMethod('OverlayService', 'WatchNeighbors')
  @RequireScope('route')
  async watchNeighbors(@Request() _request: overlay.WatchNeighborsRequest, @Call() call: ResponseStream<overlay.WatchNeighborsResponse>): Promise<Observable<never>> {
    const neighbors = this.#overlay.watchNeighbors();
    onCancel(call, () => neighbors.close());
    for await (const change of neighbors) if (!(await send(call, this.#neighborsResponse(change)))) break;
    return EMPTY;
  }

  @GrpcMethod('OverlayService', 'ReplicaSet')
  @RequireScope('route')
  replicaSet(@Request(replicaSetRequest) { key, replicas }: LookupOrder): overlay.ReplicaSetResponse {
    const { replicas: nodes, isRoot } = this.#overlay.replicaSet(key, replicas);
    return { replicas: toNodes(nodes), isRoot, key: idToBytes(key) };
  }

  /** Stays attached when the client ends its side, and is offered nothing more then: no answer can come. */
  @GrpcStreamCall('OverlayService', 'Attach')
  @RequireScope('route')
  async attach(@Call() call: DuplexCall<overlay.AttachRequest, overlay.AttachResponse>): Promise<void> {
    const asked = requests<overlay.AttachRequest>(call);
    const { value: first } = await asked.next();
    if (first === undefined) throw new OverlayError('REQUEST_INVALID', 'the first request names the application');
    const { application, forwardPrefixes } = checkRequest(attachRequest, first);
    const attachment = this.#overlay.attach(application, forwardPrefixes);
    onCancel(call, () => attachment.close());
    const hearing = hear(asked, attachment).finally(() => attachment.askNoForwards());
    try {
      await send(call, { event: { $case: 'attached', value: { node: this.#node() } } });
      await Promise.all([tell(call, attachment), hearing]);
    } finally {
      attachment.close();
    }
  }

  #node(): overlay.Node {
    return toNode(this.#self.handle, this.#self.apiAddress);
  }

  #neighborsResponse({ ready, leaves, gained, lost }: Neighbors): overlay.WatchNeighborsResponse {
    return { node: this.#node(), ready, leaves: toNodes(leaves), gained: toNodes(gained), lost: toNodes(lost), leaving: this.#drain.isUnderWay };
  }
}

function askOf(call: Cancellable, trace: string | undefined): Ask {
  return { signal: cancelSignal(call), ...(trace === undefined ? {} : { trace }) };
}

/** What happens at an attachment, until it is closed or the client is gone. */
async function tell(call: ResponseStream<overlay.AttachResponse>, attachment: Attachment): Promise<void> {
  for await (const event of attachment) if (!(await send(call, toAttachResponse(event)))) break;
}

/** The answers of an attached application, until it ends its side. Throws what is wrong with one. */
async function hear(asked: AsyncIterable<overlay.AttachRequest>, attachment: Attachment): Promise<void> {
  for await (const { answer } of asked) {
    if (answer === undefined) throw new OverlayError('REQUEST_INVALID', 'a request after the first holds an answer');
    const { forwardId, decision } = checkRequest(answerRequest, answer);
    attachment.answer(forwardId, decision);
  }
}
