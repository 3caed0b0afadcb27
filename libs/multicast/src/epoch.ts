import type { Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';

/** Place of a message in its group: dense, from 1, continued over epochs. A safe integer. */
export type Sequence = number;

/**
 * The fence of a group: frames of an older epoch are refused by whoever promised a newer one.
 * Ordered by counter, then root id, then the root's incarnation (so a restarted root never reuses its own epoch).
 */
export interface Epoch {
  readonly counter: number;
  readonly root: Id;
  readonly incarnation: number;
}

/** From which sequence on an epoch numbered; it ends where the next one starts. */
export interface EpochSpan {
  readonly epoch: Epoch;
  readonly firstSequence: Sequence;
}

/**
 * Who numbers a group from `firstSequence` on, and who keeps what was receipted.
 * `lineage` tells which epoch numbered each earlier sequence, so that a frame left over from a lost branch is recognised.
 */
export interface EpochRecord {
  readonly epoch: Epoch;
  readonly root: NodeHandle;
  /** The root among them; each counts only in the incarnation named here. At most `VOTERS_MAX`. */
  readonly voters: readonly NodeHandle[];
  readonly firstSequence: Sequence;
  /** Earlier spans, oldest first, at most `LINEAGE_MAX`. */
  readonly lineage: readonly EpochSpan[];
}

/** How far the root's count of rounds has come: newer epoch first, then higher round. */
export interface RoundMark {
  readonly epoch: Epoch;
  readonly round: number;
}

/** Voters a record may name. */
export const VOTERS_MAX = 9;
/** Earlier spans a record carries; a node that missed more than these keeps only what it knows to be committed. */
export const LINEAGE_MAX = 32;

/** Negative, zero or positive as `a` is older than, the same as, or newer than `b`. */
export function compareEpochs(a: Epoch, b: Epoch): number {
  if (a.counter !== b.counter) return a.counter - b.counter;
  if (a.root !== b.root) return a.root < b.root ? -1 : 1;
  return a.incarnation - b.incarnation;
}

/** Negative, zero or positive as `a` is older than, the same as, or newer than `b`. */
export function compareRounds(a: RoundMark, b: RoundMark): number {
  const byEpoch = compareEpochs(a.epoch, b.epoch);
  return byEpoch === 0 ? a.round - b.round : byEpoch;
}

/** True when `a` is newer than `b`, or there is no `b`. */
export function isNewerRound(a: RoundMark, b: RoundMark | undefined): boolean {
  return b === undefined || compareRounds(a, b) > 0;
}

/** How many voters are a majority of the record's. */
export function majorityOf(record: EpochRecord): number {
  return Math.floor(record.voters.length / 2) + 1;
}

/** True when exactly this life of the node is a voter of the record. */
export function isVoter(record: EpochRecord, node: NodeHandle): boolean {
  return record.voters.some((voter) => voter.id === node.id && voter.incarnation === node.incarnation);
}

/** The epoch that numbered `sequence` in the history that ends in `record`; undefined below the oldest span it names. */
export function epochAt(record: EpochRecord, sequence: Sequence): Epoch | undefined {
  if (sequence >= record.firstSequence) return record.epoch;
  for (let i = record.lineage.length - 1; i >= 0; i--) {
    const span = record.lineage[i];
    if (span !== undefined && sequence >= span.firstSequence) return span.epoch;
  }
  return undefined;
}

/** The lineage of a record that follows `record`: spans that numbered nothing below `firstSequence` are left out. */
export function extendLineage(record: EpochRecord, firstSequence: Sequence): readonly EpochSpan[] {
  const spans = [...record.lineage, { epoch: record.epoch, firstSequence: record.firstSequence }];
  return spans.filter((span, i) => span.firstSequence < (spans[i + 1]?.firstSequence ?? firstSequence)).slice(-LINEAGE_MAX);
}

/** An epoch as text, for explanation and map keys. */
export function epochText(epoch: Epoch): string {
  return `${epoch.counter}.${epoch.root}.${epoch.incarnation}`;
}
