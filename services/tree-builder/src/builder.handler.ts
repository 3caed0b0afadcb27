import { once } from 'node:events';
import { Controller, Inject, type OnModuleInit } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall } from '@nestjs/microservices';
import { EMPTY, type Observable } from 'rxjs';
import type { z } from 'zod';
import { idFromBytes, type Id } from '@banyan/ids';
import { OverlayError } from '@banyan/grpc';
import { groupKey, groupPatternFault, type PeerIdentity, type TokenClaims } from '@banyan/identity';
import { multicast, type builder } from '@banyan/proto';
import {
  Access,
  Call,
  cancelSignal,
  checkRequest,
  FromPeer,
  FromToken,
  Request,
  requests,
  RequirePeer,
  requireScope,
  RequireToken,
  send,
  type AnyCall,
  type RequestStream,
  type ResponseStream,
} from '@banyan/service-kit';
import type { BUILDER_METRICS, Metrics } from '@banyan/telemetry';
import { Advisor } from './advising/advisor.ts';
import { NodeMap } from './advising/node-map.ts';
import { createGroupRequest, deleteGroupRequest, describeGroupRequest, listGroupsRequest, planRequest, reportPlacesRequest, watchAdviceRequest, watchGroupsRequest, watchTreeRequest } from './builder.requests.ts';
import { assertMayCreate, assertMayRead, assertOwns, fullName, mayRead, readerOf, type Reader } from './callers.ts';
import { DescriptorSigner } from './keeping/descriptor-signer.ts';
import { checkGroupName, Groups } from './keeping/groups.ts';
import type { GroupRecord } from './keeping/group-store.ts';
import { matchingGroups } from './keeping/matching-groups.ts';
import { fromPageToken, toPageToken } from './page-token.ts';
import { CoverageBoard } from './picturing/coverage-board.ts';
import { pictureStream, type Pictured } from './picturing/picture-stream.ts';
import { TreePictures } from './picturing/tree-pictures.ts';
import { Planner } from './planning/planner.ts';
import type { WhatIf } from './planning/present-tree.ts';

// A watcher costs a timer and a picture four times a second.
const WATCHERS_MAX = 1_000;
const RETRY_AFTER_MS = 5_000;

/** What the tree builder counts, for those who watch it. */
export const COUNTERS = Symbol('builder.counters');

/** banyan.builder.v1.TreeBuilderService: who may call, and from messages to what does the work and back. */
@Controller()
export class BuilderHandler implements OnModuleInit {
  #watchers = 0;

  constructor(
    @Inject(Groups) private readonly groups: Groups,
    @Inject(DescriptorSigner) private readonly signer: DescriptorSigner,
    @Inject(TreePictures) private readonly pictures: TreePictures,
    @Inject(CoverageBoard) private readonly board: CoverageBoard,
    @Inject(NodeMap) private readonly map: NodeMap,
    @Inject(Advisor) private readonly advisor: Advisor,
    @Inject(Planner) private readonly planner: Planner,
    @Inject(COUNTERS) private readonly counters: Metrics<typeof BUILDER_METRICS>,
  ) {}

  onModuleInit(): Promise<void> {
    return this.#countGroups();
  }

  @GrpcMethod('TreeBuilderService', 'CreateGroup')
  @RequireToken()
  async createGroup(@Request(createGroupRequest) request: z.infer<typeof createGroupRequest>, @Call() call: AnyCall): Promise<builder.CreateGroupResponse> {
    const name = fullName(readerOf(call), request.name);
    checkGroupName(name);
    assertMayCreate(call, name);
    const group = await this.groups.create({ ...request, name });
    await this.#countGroups();
    return { descriptor: this.signer.sign(group) };
  }

  @GrpcMethod('TreeBuilderService', 'DescribeGroup')
  @Access({ type: 'peer' }, { type: 'token' })
  async describeGroup(@Request(describeGroupRequest) { group }: z.infer<typeof describeGroupRequest>, @Call() call: AnyCall): Promise<builder.DescribeGroupResponse> {
    const reader = readerOf(call);
    const asked = group.$case === 'key' ? { key: group.value } : { name: fullName(reader, group.value) };
    if ('name' in asked) assertMayRead(reader, asked.name);
    const known = await this.groups.find(asked);
    if (known === undefined || !isTold(reader, known)) throw new OverlayError('GROUP_NOT_FOUND', `there is no group ${'name' in asked ? asked.name : asked.key}`);
    assertMayRead(reader, known.name);
    return { descriptor: this.signer.sign(known), ...this.pictures.count(known.key, performance.now()) };
  }

  @GrpcMethod('TreeBuilderService', 'ListGroups')
  @Access({ type: 'peer' }, { type: 'token' })
  async listGroups(@Request(listGroupsRequest) request: z.infer<typeof listGroupsRequest>, @Call() call: AnyCall): Promise<builder.ListGroupsResponse> {
    const reader = readerOf(call);
    const page = { prefix: request.prefix, after: fromPageToken(request.pageToken), limit: request.pageSize };
    const { groups, next } = await this.groups.list(page, (name) => mayRead(reader, name));
    return { groups: groups.map(({ descriptor }) => multicast.GroupDescriptor.decode(descriptor)), nextPageToken: toPageToken(next) };
  }

  @GrpcMethod('TreeBuilderService', 'WatchGroups')
  @Access({ type: 'peer' }, { type: 'token' })
  async watchGroups(@Request(watchGroupsRequest) { pattern }: z.infer<typeof watchGroupsRequest>, @Call() call: AnyCall & ResponseStream<builder.WatchGroupsResponse>): Promise<Observable<never>> {
    const reader = readerOf(call);
    const fault = groupPatternFault(pattern);
    if (fault !== undefined) throw new OverlayError('GROUP_PATTERN_INVALID', `'${pattern}' is no pattern of groups: ${fault}`, { pattern });
    return this.#watched(async () => {
      for await (const { came, gone } of matchingGroups(this.groups, pattern, (name) => mayRead(reader, name), cancelSignal(call))) {
        if (!(await send(call, { groups: came.map((group) => this.signer.sign(group)), gone: [...gone] }))) break;
      }
    });
  }

  @GrpcMethod('TreeBuilderService', 'DeleteGroup')
  @RequireToken()
  async deleteGroup(
    @Request(deleteGroupRequest) request: z.infer<typeof deleteGroupRequest>,
    @FromToken() caller: TokenClaims,
    @Call() call: AnyCall,
  ): Promise<builder.DeleteGroupResponse> {
    const name = fullName(readerOf(call), request.name);
    checkGroupName(name);
    assertOwns(caller, name);
    await this.groups.delete(name);
    await this.#countGroups();
    return {};
  }

  /** Takes reports until the node ends the stream; what it told stays until it expires. */
  @GrpcStreamCall('TreeBuilderService', 'ReportPlaces')
  @RequirePeer()
  async reportPlaces(@Call() call: RequestStream, @FromPeer() peer: PeerIdentity): Promise<builder.ReportPlacesResponse> {
    this.counters.reporters.add(1);
    try {
      for await (const message of requests<builder.ReportPlacesRequest>(call)) {
        const report = checkRequest(reportPlacesRequest, message);
        if (peer.role !== 'node' || idFromBytes(report.node.id) !== peer.id) throw new OverlayError('NOT_YOURSELF', 'a node reports its own places only', { id: peer.id });
        const now = performance.now();
        this.pictures.report(report, now);
        this.map.report(report, report.node, now);
        this.board.report(report.coverages, now);
      }
    } finally {
      this.counters.reporters.add(-1);
    }
    return {};
  }

  /** Gives a node's advice until it goes away. What it does not read is dropped: advice is old in ten seconds. */
  @GrpcMethod('TreeBuilderService', 'WatchAdvice')
  @RequirePeer()
  async watchAdvice(@Request(watchAdviceRequest) { nodeId }: z.infer<typeof watchAdviceRequest>, @FromPeer() peer: PeerIdentity, @Call() call: AnyCall & ResponseStream<builder.WatchAdviceResponse>): Promise<Observable<never>> {
    if (peer.role !== 'node' || nodeId !== peer.id) throw new OverlayError('NOT_YOURSELF', 'a node is advised about its own places only', { id: peer.id });
    const signal = cancelSignal(call);
    let isWriting = false;
    const unlisten = this.advisor.listen(nodeId, (advice) => {
      if (isWriting) return;
      isWriting = true;
      this.counters.advice.add(1);
      void send(call, advice).finally(() => (isWriting = false));
    });
    this.counters.advised.set(this.advisor.readers);
    try {
      if (!signal.aborted) await once(signal, 'abort');
    } finally {
      unlisten();
      this.counters.advised.set(this.advisor.readers);
    }
    return EMPTY;
  }

  @GrpcMethod('TreeBuilderService', 'WatchTree')
  @RequireToken()
  async watchTree(@Request(watchTreeRequest) request: z.infer<typeof watchTreeRequest>, @Call() call: AnyCall & ResponseStream<builder.WatchTreeResponse>): Promise<Observable<never>> {
    const group = await this.#readable(call, request.group);
    const { pictures } = this;
    const pictured = { look: () => pictures.picture(group, performance.now()), watch: (changed: () => void) => pictures.watch(group, changed), expire: () => pictures.expire(performance.now()) };
    return this.#show(call, pictured, (places) => ({ places: [...places], atMs: BigInt(Date.now()) }));
  }

  @GrpcMethod('TreeBuilderService', 'WatchCoverage')
  @RequireToken()
  async watchCoverage(@Request(watchTreeRequest) request: z.infer<typeof watchTreeRequest>, @Call() call: AnyCall & ResponseStream<builder.WatchCoverageResponse>): Promise<Observable<never>> {
    const group = await this.#readable(call, request.group);
    const { board } = this;
    const pictured = { look: () => board.of(group, performance.now()), watch: (changed: () => void) => board.watch(group, changed), expire: () => undefined };
    return this.#show(call, pictured, (coverage) => ({ coverage, atMs: BigInt(Date.now()) }));
  }

  @GrpcMethod('TreeBuilderService', 'Plan')
  @RequireToken()
  async plan(@Request(planRequest) { group, whatIf, seed }: z.infer<typeof planRequest>, @FromToken() caller: TokenClaims, @Call() call: AnyCall): Promise<builder.PlanResponse> {
    const name = fullName(readerOf(call), group);
    checkGroupName(name);
    assertOwns(caller, name);
    const { descriptor } = await this.groups.byName(name);
    return this.planner.plan(multicast.GroupDescriptor.decode(descriptor), { whatIf: whatIfOf(whatIf), seed: seed === 0 ? 1 : seed }, performance.now());
  }

  /** The key of a group whose tree the caller may look at. Throws GROUP_NOT_FOUND, SCOPE_MISSING. */
  async #readable(call: AnyCall, group: string): Promise<Id> {
    const name = fullName(readerOf(call), group);
    checkGroupName(name);
    requireScope(call, `subscribe:${name}`, 'admin');
    await this.groups.byName(name);
    return groupKey(name);
  }

  /** Shows a watcher what there is whenever it changes, until he has gone. */
  #show<Picture, Response>(call: AnyCall & ResponseStream<Response>, pictured: Pictured<Picture>, toResponse: (picture: Picture) => Response): Promise<Observable<never>> {
    return this.#watched(async () => {
      for await (const picture of pictureStream(pictured, cancelSignal(call))) {
        if (!(await send(call, toResponse(picture)))) break;
      }
    });
  }

  /** Counts a watcher as long as he watches. Throws BUSY when there are too many of them. */
  async #watched(watch: () => Promise<void>): Promise<Observable<never>> {
    if (this.#watchers >= WATCHERS_MAX) throw new OverlayError('BUSY', 'too many watch at once', {}, { retryAfterMs: RETRY_AFTER_MS });
    this.#watchers += 1;
    this.counters.watchers.add(1);
    try {
      await watch();
    } finally {
      this.#watchers -= 1;
      this.counters.watchers.add(-1);
    }
    return EMPTY;
  }

  async #countGroups(): Promise<void> {
    this.counters.groups.set(await this.groups.count());
  }
}

function whatIfOf(asked: z.infer<typeof planRequest>['whatIf']): WhatIf {
  switch (asked.$case) {
    case 'loseZone':
      return { type: 'loseZone', zone: asked.value };
    case 'loseRegion':
      return { type: 'loseRegion', region: asked.value };
    case 'double':
      return { type: 'double' };
    case 'bestRoot':
      return { type: 'bestRoot' };
    case 'fanOut':
      return { type: 'fanOut', children: asked.value };
  }
}

// Members are told of deleted groups, so that they can end what still runs.
function isTold(reader: Reader, group: GroupRecord): boolean {
  return reader.type === 'member' || !group.isDeleted;
}
