import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall } from '@nestjs/microservices';
import { EMPTY, type Observable } from 'rxjs';
import type { Overlay } from '@banyan/host';
import { groupKey } from '@banyan/identity';
import type { multicast } from '@banyan/proto';
import { Call, cancelSignal, checkRequest, Request, requireScope, RequireToken, send, Traceparent, type AnyCall, type Cancellable, type DuplexCall, type ResponseStream } from '@banyan/service-kit';
import type { AttachedClients } from '../drain/attached-clients.ts';
import type { DescriptorSource } from '../groups/descriptor-source.ts';
import { assertMayPublish, assertMaySubscribe } from '../groups/permissions.ts';
import { CLIENTS, DESCRIPTORS, OVERLAY, SELF, type SelfNode } from '../ports.ts';
import { answerAnycastRequest, anycastRequest, describePlaceRequest, listSlowRequest, publishOpen, subscribeRequest, type AnswerAnycastOrder, type AnycastOrder, type DescribePlaceOrder, type SubscribeOrder } from './multicast.requests.ts';
import { openingOf, PublishStream } from './publish-stream.ts';
import { toSlowReader } from './slow-readers.ts';
import type { SubscribeReply } from './subscribe-bytes.ts';
import { SubscriberStream } from './subscriber-stream.ts';
import { toNode, toPlace, toSubscribeResponse } from './to-proto.ts';

/** Bytes a publisher may have handed in without receipt; then it is not read. */
export const UNRECEIPTED_BYTES_MAX = 8 * 1_048_576;

/** Slow readers in one answer. */
const SLOW_MAX = 1_000;

/** banyan.multicast.v1.MulticastService: groups for clients with a token. */
@Controller()
export class MulticastHandler {
  readonly #overlay: Overlay;
  readonly #descriptors: DescriptorSource;
  readonly #self: SelfNode;
  readonly #clients: AttachedClients;

  constructor(@Inject(OVERLAY) overlay: Overlay, @Inject(DESCRIPTORS) descriptors: DescriptorSource, @Inject(SELF) self: SelfNode, @Inject(CLIENTS) clients: AttachedClients) {
    this.#overlay = overlay;
    this.#descriptors = descriptors;
    this.#self = self;
    this.#clients = clients;
  }

  @GrpcStreamCall('MulticastService', 'Publish')
  @RequireToken()
  async publish(@Call() call: AnyCall & DuplexCall<multicast.PublishRequest, multicast.PublishResponse>, @Traceparent() trace: string | undefined): Promise<void> {
    const { open, incoming } = await openingOf(call);
    this.#clients.assertOpen();
    const { group, session, descriptor } = checkRequest(publishOpen, open);
    const { subject } = requireScope(call, `publish:${group}`);
    const known = await this.#descriptors.resolveAnywhere(group, descriptor);
    assertMayPublish(known.descriptor, subject);
    const publication = this.#overlay.groups.publish({ group: groupKey(group), client: subject, descriptor: known.signed, ...(session === undefined ? {} : { session }) });
    const opened = { session: Buffer.from(publication.session, 'hex'), unreceiptedBytesMax: BigInt(UNRECEIPTED_BYTES_MAX) };
    await send(call, { response: { $case: 'opened', value: opened } });
    const stream = new PublishStream(call, publication, session !== undefined);
    const detach = this.#clients.attach(stream);
    await stream.run(incoming, trace).finally(detach);
  }

  @GrpcMethod('MulticastService', 'Subscribe')
  @RequireToken()
  async subscribe(@Request(subscribeRequest) order: SubscribeOrder, @Call() call: AnyCall & ResponseStream<SubscribeReply>): Promise<Observable<never>> {
    this.#clients.assertOpen();
    const { group, start, slowPolicy: policy, answersAnycasts: answers = false } = order;
    const { subject } = requireScope(call, `subscribe:${group}`);
    if (policy === 'block') requireScope(call, `subscribe:${group}:block`);
    const known = await this.#descriptors.resolve(group, order.descriptor);
    if (known !== undefined) assertMaySubscribe(known.descriptor, subject);
    const subscription = this.#overlay.groups.subscribe({ group: groupKey(group), start, policy, client: subject, answers, ...(known === undefined ? {} : { descriptor: known.signed }) });
    const stream = new SubscriberStream(call, subscription);
    const detach = this.#clients.attach(stream);
    try {
      for await (const event of subscription) {
        // What was not known before is told by the tree; until then nothing has been sent.
        if (event.type === 'subscribed') assertMaySubscribe((await this.#descriptors.learn(group, event.descriptor)).descriptor, subject);
        if (!(await send(call, toSubscribeResponse(event)))) break;
      }
    } catch (error) {
      await stream.part(error);
    } finally {
      detach();
    }
    return EMPTY;
  }

  @GrpcMethod('MulticastService', 'Anycast')
  @RequireToken()
  async anycast(@Request(anycastRequest) { group, payload, visitsMax, descriptor }: AnycastOrder, @Call() call: AnyCall & Cancellable): Promise<multicast.AnycastResponse> {
    const { subject } = requireScope(call, `publish:${group}`);
    const known = await this.#descriptors.resolve(group, descriptor);
    if (known !== undefined) assertMayPublish(known.descriptor, subject);
    const { by, reply, visits } = await this.#overlay.groups.anycast({ group: groupKey(group), payload, visitsMax }, { signal: cancelSignal(call) });
    return { node: toNode(by), reply, visits };
  }

  @GrpcMethod('MulticastService', 'AnswerAnycast')
  @RequireToken()
  answerAnycast(@Request(answerAnycastRequest) { group, offer, accept, reply }: AnswerAnycastOrder, @Call() call: AnyCall): multicast.AnswerAnycastResponse {
    const { subject: client } = requireScope(call, `subscribe:${group}`);
    this.#overlay.groups.answerAnycast({ group: groupKey(group), offer, client, reply: accept ? reply : undefined });
    return {};
  }

  @GrpcMethod('MulticastService', 'ListSlow')
  @RequireToken()
  listSlow(@Request(listSlowRequest) { group }: { readonly group: string }, @Call() call: AnyCall): multicast.ListSlowResponse {
    requireScope(call, 'admin');
    const slow = this.#overlay.groups.slow().filter(({ name }) => group === '' || name === group);
    return { readers: slow.toSorted((a, b) => b.ageMs - a.ageMs).slice(0, SLOW_MAX).map(toSlowReader) };
  }

  @GrpcMethod('MulticastService', 'DescribePlace')
  @RequireToken()
  describePlace(@Request(describePlaceRequest) { group }: DescribePlaceOrder, @Call() call: AnyCall): multicast.DescribePlaceResponse {
    requireScope(call, `subscribe:${group}`, 'admin');
    const node = toNode(this.#self.handle, this.#self.apiAddress);
    return { place: toPlace(group, node, this.#overlay.groups.place(groupKey(group))) };
  }
}
