// The tree builder of the test overlay: groups in a map, unsigned, and one tree that a spec sets. Part of
// `@banyan/client/testing`.
import type { sendUnaryData, ServiceError } from '@grpc/grpc-js';
import { OverlayError, toServiceError } from '@banyan/grpc';
import { groupKey, matchesGroup } from '@banyan/identity';
import { idToBytes } from '@banyan/ids';
import { multicast, type builder } from '@banyan/proto';

/** Groups without signatures, and the picture that `watchTree` gives for each of them. */
export class TestGroups {
  readonly groups = new Map<string, multicast.GroupDescriptor>();
  readonly #watchers = new Set<() => void>();
  places: multicast.Place[] = [];
  /** What `watchCoverage` tells, once. */
  coverage: multicast.Coverage | undefined;

  /** The handlers of TreeBuilderService. */
  service(): builder.TreeBuilderServiceServer {
    return {
      createGroup: ({ request }, answer) => this.#answer(answer, () => this.#create(request)),
      describeGroup: ({ request }, answer) =>
        this.#answer(answer, () => ({ descriptor: unsigned(this.#found(request.group?.$case === 'name' ? request.group.value : '')), nodes: this.places.length, subscribers: 0 })),
      listGroups: ({ request }, answer) => this.#answer(answer, () => this.#page(request)),
      deleteGroup: ({ request }, answer) =>
        this.#answer(answer, () => {
          this.groups.delete(this.#found(request.name).name);
          for (const look of this.#watchers) look();
          return {};
        }),
      reportPlaces: (_call, answer) => this.#answer(answer, () => ({})),
      watchGroups: (call) => {
        const known = new Set<string>();
        const look = (): void => {
          const matching = [...this.groups.values()].filter(({ name }) => matchesGroup(call.request.pattern, name));
          const came = matching.filter(({ name }) => !known.has(name));
          const gone = [...known].filter((name) => !this.groups.has(name));
          for (const { name } of came) known.add(name);
          for (const name of gone) known.delete(name);
          call.write({ groups: came.map(unsigned), gone });
        };
        this.#watchers.add(look);
        call.on('cancelled', () => this.#watchers.delete(look));
        look();
      },
      watchCoverage: (call) => {
        call.write({ coverage: this.coverage, atMs: 1_000n });
      },
      plan: ({ request }, answer) =>
        this.#answer(answer, () => {
          this.#found(request.group);
          const figures = { nodes: 3, orphans: 0, depthMax: 1, wayMsMean: 2.5, wayMsMax: 4, childrenMax: 2, publisherMsMean: 3, root: new Uint8Array(16).fill(1) };
          return { before: figures, after: figures, lost: 1, lostVoters: 1, reachedAfterMs: 2_100, unreached: 0, messagesLost: 0, noQuorum: false, electorate: [] };
        }),
      watchAdvice: (call) => call.end(),
      watchTree: (call) => {
        if (!this.groups.has(call.request.group)) call.emit('error', toServiceError(unknownGroup(call.request.group)));
        else call.write({ places: this.places, atMs: 1_000n });
      },
    };
  }

  #create(request: builder.CreateGroupRequest): builder.CreateGroupResponse {
    const { name } = request;
    if (this.groups.has(name)) throw new OverlayError('GROUP_EXISTS', `there is a group '${name}'`, { group: name });
    const { delivery, retentionBytes, retentionMs, fanOutMax, stripes, parity, publishers, subscribers, backpressure } = request;
    const owner = name.slice(0, name.indexOf('/'));
    const policy = { delivery, retentionBytes: retentionBytes || 64n << 20n, retentionMs: retentionMs || 60_000n, fanOutMax: fanOutMax || 8, stripes, parity, publishers, subscribers, backpressure };
    const descriptor = { name, owner, key: Buffer.from(idToBytes(groupKey(name))), ...policy, createdAtMs: 0n, version: 1n, deleted: false };
    this.groups.set(name, descriptor);
    for (const look of this.#watchers) look();
    return { descriptor: unsigned(descriptor) };
  }

  /** Two groups a page, so that a client has to turn pages. */
  #page({ prefix, pageToken }: builder.ListGroupsRequest): builder.ListGroupsResponse {
    const all = [...this.groups.values()].filter(({ name }) => name.startsWith(prefix)).sort((a, b) => (a.name < b.name ? -1 : 1));
    const from = Number(pageToken || 0);
    return { groups: all.slice(from, from + 2), nextPageToken: from + 2 < all.length ? String(from + 2) : '' };
  }

  #found(name: string): multicast.GroupDescriptor {
    const group = this.groups.get(name);
    if (group === undefined) throw unknownGroup(name);
    return group;
  }

  #answer<Response>(answer: sendUnaryData<Response>, handle: () => Response): void {
    try {
      answer(null, handle());
    } catch (error) {
      answer(toServiceError(error) as ServiceError);
    }
  }
}

function unknownGroup(name: string): OverlayError {
  return new OverlayError('GROUP_NOT_FOUND', `there is no group '${name}'`, { group: name });
}

function unsigned(descriptor: multicast.GroupDescriptor): multicast.SignedGroupDescriptor {
  const bytes = multicast.GroupDescriptor.encode(descriptor).finish();
  return { descriptor: Buffer.from(bytes), signature: Buffer.alloc(64), certificate: Buffer.alloc(0) };
}
