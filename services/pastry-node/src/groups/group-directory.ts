import { callUnary, reasons, type OverlayError } from '@banyan/grpc';
import type { builder} from '@banyan/proto';
import { type multicast } from '@banyan/proto';
import type { PeerService } from '@banyan/service-kit';

/** How long the tree builder may take to describe a group, ms: a caller waits for it. */
const DESCRIBE_TIMEOUT_MS = 2_000;
/** How long it is not asked again after it did not answer, ms. */
const AWAY_MS = 5_000;

/** What the directory of groups says: `away` when nobody answers. */
export type DirectoryAnswer = { readonly type: 'found'; readonly signed: multicast.SignedGroupDescriptor } | { readonly type: 'unknown' } | { readonly type: 'away' };

/** Where groups are looked up. */
export interface GroupDirectory {
  describe(name: string): Promise<DirectoryAnswer>;
}

/** The tree builder's directory. It is asked only when it is needed, and left alone for a while when it is away. */
export class TreeBuilderDirectory implements GroupDirectory {
  readonly #builder: PeerService<builder.TreeBuilderServiceClient>;
  #awayUntil = -Infinity;

  constructor(treeBuilder: PeerService<builder.TreeBuilderServiceClient>) {
    this.#builder = treeBuilder;
  }

  async describe(name: string): Promise<DirectoryAnswer> {
    if (performance.now() < this.#awayUntil) return { type: 'away' };
    const { client } = this.#builder;
    try {
      const { descriptor } = await callUnary(client.describeGroup.bind(client), { group: { $case: 'name', value: name } }, DESCRIBE_TIMEOUT_MS);
      return descriptor === undefined ? { type: 'unknown' } : { type: 'found', signed: descriptor };
    } catch (error) {
      const { reason } = error as OverlayError;
      if (reasons[reason].code === 'NOT_FOUND') return { type: 'unknown' };
      this.#awayUntil = performance.now() + AWAY_MS;
      return { type: 'away' };
    }
  }
}

/** A node that was told of no tree builder. */
export const NO_DIRECTORY: GroupDirectory = { describe: () => Promise.resolve({ type: 'away' }) };
