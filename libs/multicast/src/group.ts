import type { Id } from '@banyan/ids';
import type { LinkId, NodeHandle } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';
import type { SlowPolicy, Start, SubscriptionId } from './commands.ts';
import type { GroupDescriptor, Verified } from './descriptor.ts';
import { compareEpochs, isVoter, type Epoch, type EpochRecord, type RoundMark, type Sequence } from './epoch.ts';
import type { Genesis } from './genesis.ts';
import type { Intake } from './intake.ts';
import type { Cover } from './messages.ts';
import { RetentionRing } from './retention-ring.ts';
import { Roster } from './roster.ts';
import type { Seal } from './seal.ts';
import type { Sequencer } from './sequencer.ts';
import { SessionTable } from './session-table.ts';
import type { Turn } from './turn.ts';

/** Where this node's frames come from. Set at one instant, together with the round it was earned by. */
export interface Parent {
  readonly handle: NodeHandle;
  /** Which of this node's flows the parent serves; grows with every resume. */
  flow: number;
  /** The parent's `begin` of this flow has come. */
  begun: boolean;
  receivedBytes: number;
  grantedBytes: number;
  /** When the resume is said again; only while not begun. */
  resumeAt: Millis;
  /** Since when less has come than the parent said it sent. */
  behindSince: Millis | undefined;
  /** The flow was already started again for that. */
  reopened: boolean;
  /** A dial of the data link is under way; when the last one began. */
  dialling: boolean;
  dialledAt: Millis;
}

/** The search for a parent. No newer round is accepted while it lasts. */
export interface Attempt {
  /** Whom it asks now; undefined: a join is on its way to the key. */
  target: NodeHandle | undefined;
  tries: number;
  retryAt: Millis;
  /** The candidate granted a place and this node waits for its round to grow; since when. */
  waitingSince: Millis | undefined;
  /** Whom this search asked already, as id and incarnation. */
  readonly tried: Set<string>;
  /** Asked next, before all others: children that a full node named. */
  redirects: NodeHandle[];
  joins: number;
  /** Every node asked since the last join was full: the next one waits for its time. */
  isRefused: boolean;
  /** When the next join may go out after such a refusal. */
  joinAt: Millis;
  /** In a stripe: when the next search for spare capacity may. */
  searchAt: Millis;
  readonly since: Millis;
}

/** A child in the tree. */
export interface Child {
  handle: NodeHandle;
  /** `pending`: asked, and this node has no place itself yet. `granted`: may resume. `flowing`: has resumed. */
  stage: 'pending' | 'granted' | 'flowing';
  voter: boolean;
  /** An invited voter that said it holds everything retained. */
  caughtUp: boolean;
  since: Millis;
  heardAt: Millis;
  flow: number;
  /** Next sequence to send. */
  position: Sequence;
  sentBytes: number;
  creditBytes: number;
  /** The data link of this flow; absent: nothing is sent. */
  link: LinkId | undefined;
  /** Since when there is more for it and it has no credit. */
  stalledSince: Millis | undefined;
  /** Up to which version of its roster this node has it; and what it said last that its readers have. */
  rosterVersion: number;
  cover: Cover | undefined;
  /** When it was last asked to move down. */
  movedDownAt: Millis;
  /** A resume came before its link. */
  resume: { readonly flow: number; readonly next: Sequence; readonly creditBytes: number } | undefined;
  /** What the child last said it has. */
  next: Sequence;
  /** Children more that it would take, as it last said. */
  placesLeft: number;
  /** Somebody at or below it would take children in the stripes of this group. */
  spare: boolean;
  /** The backups it was told last, as text; and those it is to be told with the next beat. */
  backupsTold: string;
  backups: readonly NodeHandle[] | undefined;
}

/** A local reader: a cursor like a child's, its credit given by `consumed`. */
export interface Subscription {
  readonly id: SubscriptionId;
  readonly start: Start;
  readonly windowBytes: number;
  /** Since when it waits for its start; the time in which this node did not run is not counted. */
  since: Millis;
  /** Next sequence to deliver; undefined until the start is resolved. */
  position?: Sequence;
  /** A start by time: when others were asked where that is, and what they said. */
  askedAt?: Millis;
  located?: Sequence;
  outstandingBytes: number;
  /** Frames it was given and has not taken: where they end, and bytes left of them; and where what it took ends. */
  readonly given: { to: Sequence; bytes: number }[];
  taken: Sequence | undefined;
  readonly policy: SlowPolicy;
  readonly client: string;
  /** Offered the anycasts of the group. */
  readonly answers: boolean;
  /** Since when there is more for it and its window is full. */
  stalledSince: Millis | undefined;
  /** Since when it is behind by the window of the group. */
  fullSince: Millis | undefined;
  /** Nothing was delivered yet and the start was relative: when history is taken back, nothing of it was this reader's. */
  floating: boolean;
}

/** History that is being fetched. */
export interface Fetch {
  readonly source: NodeHandle;
  readonly to: Sequence;
  retryAt: Millis;
  tries: number;
  /** Requests since something came, and where history ended then. */
  vain: number;
  next: Sequence;
}

/** Older history on its way, to be put before the ring. */
export interface Backfill {
  readonly source: NodeHandle;
  readonly ring: RetentionRing;
  /** Where the ring begins, and the backfill ends. */
  readonly to: Sequence;
  retryAt: Millis;
  /** Requests since something came. */
  tries: number;
}

/** Everything one node knows and does in one group. The mechanisms are functions over it, one file each. */
export class Group {
  readonly id: Id;
  descriptor: Verified<GroupDescriptor> | undefined = undefined;
  /** The newest decided record. */
  record: EpochRecord | undefined = undefined;
  /** The last round accepted; never goes back. */
  accepted: RoundMark | undefined = undefined;

  readonly ring = new RetentionRing();
  /** The ring's start was chosen: the node was in the tree, or holds history. */
  started = false;
  /** Everything below may be delivered. */
  committed: Sequence = 1;
  /** The oldest sequence the root keeps, as last heard. */
  rootLow: Sequence = 1;
  /** Where history ended as this node took its place: readers that begin near the end count from there while it is fetched. */
  toldEnd: Sequence = 1;
  /** Where the last message began when this node took its place, if it was a large one. */
  lastWhole: Sequence | undefined = undefined;
  /** Above every sequence heard of, from whomever: where a group that lost its state goes on. */
  highest: Sequence = 1;

  parent: Parent | undefined = undefined;
  attempt: Attempt | undefined = undefined;
  /** The next voluntary move is not tried before. */
  moveAt: Millis = 0;
  /** Everybody at and below this node; how often this node took a place; up to where the parent has the roster; when it is said again. */
  readonly roster = new Roster();
  moves = 0;
  /** When the parent last had a newer round: the root, from which it comes, lived a moment before. */
  roundAt: Millis = -Infinity;
  certifiedVersion = 0;
  certifyAt: Millis = 0;
  /** A former parent that asked this node to move down, or whose data link brought nothing while it beat (`swallows`). */
  avoid: { readonly node: Id; readonly until: Millis; readonly swallows: boolean } | undefined = undefined;
  /** Readers that stand still are looked at then. */
  slowLookAt: Millis | undefined = undefined;
  /** A reader is waited for until then, as last heard; since when, at the root; and when it was said on. */
  heldUntil: Millis = -Infinity;
  heldSince: Millis = -Infinity;
  holdSaidAt: Millis = -Infinity;
  /** When a move was last begun because it was advised. */
  advisedAt: Millis = -Infinity;
  /** When a parent was lost last. */
  lostAt: Millis = -Infinity;
  flow = 0;
  backups: readonly NodeHandle[] = [];
  readonly children = new Map<Id, Child>();
  readonly subscriptions = new Map<SubscriptionId, Subscription>();
  backfill: Backfill | undefined = undefined;
  fetch: Fetch | undefined = undefined;

  /** Nothing older than this is acknowledged. */
  promised: Epoch | undefined = undefined;
  promisedAt: Millis = 0;
  /** The successor of `record` that this node accepted last. */
  acceptedSuccessor: { readonly ballot: Epoch; readonly record: EpochRecord } | undefined = undefined;
  /** A proposed record this node is catching up for, and who proposed it. */
  catchingUp: { readonly ballot: Epoch; readonly record: EpochRecord; readonly proposer: NodeHandle; readonly since: Millis } | undefined = undefined;
  /**
   * The newest proposed record for which this node said that it holds the history. It may be decided at any time, so nothing is
   * forgotten before one as new is.
   */
  vouchedFor: Epoch | undefined = undefined;
  /** Invited by the root to become a voter or the next root. */
  duty: { readonly duty: 'voter' | 'root'; readonly until: Millis; lookAt: Millis } | undefined = undefined;
  /** The last acknowledgement sent as a voter. */
  ackedNext: Sequence = 0;
  ackedEpoch: Epoch | undefined = undefined;
  ackDueAt: Millis | undefined = undefined;
  ackedAt: Millis = -1;

  sequencer: Sequencer | undefined = undefined;
  /** Publishers' nodes that this root serves, by id. */
  readonly intakes = new Map<Id, Intake>();
  seal: Seal | undefined = undefined;
  /** No new seal before; how many were given up in a row. */
  sealAt: Millis = 0;
  sealTries = 0;
  /** The highest ballot counter heard of. */
  counterSeen = 0;
  genesis: Genesis | undefined = undefined;
  readonly sessions = new SessionTable();
  /** Since when the root seems lost. */
  rootLostAt: Millis | undefined = undefined;
  /** Who is to be told when the group is open here (or not): askers of `open` and `findRoot`. */
  readonly waiting = new Map<string, { readonly node: NodeHandle; readonly answer: 'opened' | 'rootIs'; readonly since: Millis }>();

  /** Keys of the stripes that this one shares its places with, itself among them; found out once. */
  stripeKeys: readonly Id[] | undefined = undefined;
  /** Over: what remains is the knowledge that it is. */
  closed = false;
  /** The last frame of a closed group came from the parent. */
  sawLast = false;
  closingAt: Millis | undefined = undefined;
  leaving = false;
  upkeepAt: Millis = 0;
  idleSince: Millis | undefined = undefined;
  /** Frames were left for the next turn because a burst was full. */
  pumpAt: Millis | undefined = undefined;

  /** Another group of this node: the stripes of one share their places. */
  readonly beside: (other: Id) => Group | undefined;

  constructor(id: Id, beside: (other: Id) => Group | undefined) {
    this.id = id;
    this.beside = beside;
  }

  /** The node's history begins at `next`, unless it has begun already. */
  start(next: Sequence): void {
    if (this.started) return;
    this.started = true;
    this.ring.reset(next);
  }

  get reliable(): boolean {
    return this.descriptor?.delivery === 'reliable';
  }

  /** Up to here local readers are served. */
  get deliverable(): Sequence {
    return this.reliable ? Math.min(this.committed, this.ring.next) : this.ring.next;
  }

  /** Where history ends for those who begin now. */
  get end(): Sequence {
    return Math.max(this.deliverable, this.toldEnd);
  }

  /** This life of the node numbers the group. */
  isRoot(turn: Turn): boolean {
    return this.record !== undefined && turn.isSelf(this.record.root);
  }

  isVoter(turn: Turn): boolean {
    return this.record !== undefined && isVoter(this.record, turn.self);
  }

  /** In the tree: root, or under a parent. */
  get attached(): boolean {
    return this.parent !== undefined || this.sequencer !== undefined;
  }

  /** A newer epoch than the record's was promised: as voter and root this node is out of it. */
  get fenced(): boolean {
    return this.promised !== undefined && (this.record === undefined || compareEpochs(this.promised, this.record.epoch) > 0);
  }

  /** Something here needs the tree. */
  wanted(turn: Turn): boolean {
    if (this.closed) return false;
    return this.subscriptions.size > 0 || this.children.size > 0 || this.isVoter(turn) || this.duty !== undefined || this.vouchedFor !== undefined || this.sequencer !== undefined || this.seal !== undefined;
  }

  /** This node is not to be asked for a place as long as others may have one. */
  avoids(turn: Turn, node: Id): boolean {
    return this.avoid?.node === node && this.avoid.until > turn.now;
  }

  sawSequence(next: Sequence): void {
    if (next > this.highest) this.highest = next;
  }
}
