/** Why messages will not come. */
export type GapCause = 'expired' | 'otherEpoch' | 'lostState' | 'dropped' | /** A large message that is not whole: given up by its publisher, or begun before this subscription. */ 'aborted' | 'unknown';

/**
 * What a subscriber gets, in order: every sequence is in exactly one of them. Only after a gap `otherEpoch` (a partition of a
 * group that is not reliable healed) do sequences that were given come anew, from its first on, with other messages.
 * A message over 64 KiB comes alone and whole. Its parts have a sequence each; it bears that of the last one, and the sequences of
 * the others, from `partsFrom` on and maybe with other messages between, are its, too.
 */
export type SubscriptionEvent =
  | {
      readonly type: 'messages';
      readonly firstSequence: bigint;
      readonly messages: readonly Uint8Array[];
      /** When the root numbered them. */
      readonly stampMs: number;
      /** Of a large message: the sequence of its first part. */
      readonly partsFrom?: bigint;
    }
  /** Messages that will not come, both ends included. */
  | { readonly type: 'gap'; readonly firstSequence: bigint; readonly lastSequence: bigint; readonly cause: GapCause };
