import { randomId, type Id } from '@banyan/ids';
import type { MulticastEvent } from '@banyan/multicast';
import { seededRng, type Millis } from '@banyan/sansio';
import { descriptorFor, PlanWorld } from './plan-world.ts';
import { bestElectorate, presentPublisherMs, withElectorate } from './best-electorate.ts';
import type { PresentNode, PresentTree, WhatIf } from './present-tree.ts';

/** A tree in figures. */
export interface TreeFigures {
  readonly nodes: number;
  /** Nodes without a parent. */
  readonly orphans: number;
  readonly depthMax: number;
  /** From the root, one way, over those that hang under it. */
  readonly wayMsMean: number;
  readonly wayMsMax: number;
  readonly childrenMax: number;
  readonly root: Id | undefined;
  /** Round trip from the publishers (without any: the subscribers) to the root, ms, mean. */
  readonly publisherMsMean: number;
}

/** What would become of the tree. */
export interface PlanOutcome {
  readonly before: TreeFigures;
  readonly after: TreeFigures;
  /** Nodes that die; voters and subscribers' nodes among them. */
  readonly lost: number;
  readonly lostVoters: number;
  /** From the event until every node with subscribers that lives had a message published after it, ms; undefined: not within a minute. */
  readonly reachedAfterMs: number | undefined;
  /** Nodes with subscribers that had none by then. */
  readonly unreached: number;
  /** Messages that the reader who lost most was told as a gap. */
  readonly messagesLost: number;
  /** The group could not go on: too few voters lived. */
  readonly hasNoQuorum: boolean;
  /** Of the question for the best root: it and the voters, the root first. */
  readonly electorate?: readonly Id[];
}

/** Nodes in one plan at most: a few seconds of one core. */
export const PLAN_NODES_MAX = 1_000;

const SETTLE_MS: Millis = 15_000;
const WATCH_MS: Millis = 60_000;
const CALM_MS: Millis = 8_000;
const STEP_MS: Millis = 100;
/** One message every so many steps. */
const PUBLISH_STEPS = 2;
const WINDOW_BYTES = 1_048_576;
const MESSAGE_BYTES = 100;

/**
 * Answers a what-if: puts the tree up in virtual time with the machines that nodes run, lets it happen, and looks. `pause` is awaited
 * between steps, so that whoever runs it has time for others. The same tree, question and seed give the same answer.
 */
export async function runPlan(tree: PresentTree, whatIf: WhatIf, { seed = 1, pause }: { readonly seed?: number; readonly pause: () => Promise<void> }): Promise<PlanOutcome> {
  const now = new PlanRun(tree, { seed, asPresent: true, fanOutMax: tree.fanOutMax });
  await now.settle(pause);
  const before = now.figures();
  if (whatIf.type === 'fanOut') {
    const then = new PlanRun(tree, { seed, asPresent: false, fanOutMax: whatIf.children });
    await then.settle(pause);
    return { before, after: then.figures(), lost: 0, lostVoters: 0, hasNoQuorum: false, ...(await then.watch(pause)) };
  }
  if (whatIf.type === 'bestRoot') {
    const best = bestElectorate(tree);
    if (best === undefined) return { before, after: before, lost: 0, lostVoters: 0, hasNoQuorum: false, reachedAfterMs: 0, unreached: 0, messagesLost: 0, electorate: [] };
    const then = new PlanRun(withElectorate(tree, best), { seed, asPresent: false, fanOutMax: tree.fanOutMax });
    await then.settle(pause);
    return { before, after: then.figures(), lost: 0, lostVoters: 0, hasNoQuorum: false, electorate: best.voters, ...(await then.watch(pause)) };
  }
  const lost = whatIf.type === 'double' ? [] : tree.nodes.filter(({ zone, region }) => (whatIf.type === 'loseZone' ? zone === whatIf.zone : region === whatIf.region));
  const isLost = new Set(lost.map(({ id }) => id));
  const voters = now.voters();
  now.publishFrom((node) => !isLost.has(node.id));
  now.world.release();
  for (const { id } of lost) now.world.crash(id);
  if (whatIf.type === 'double') now.double();
  const seen = await now.watch(pause);
  const lostVoters = voters.filter((id) => isLost.has(id)).length;
  const hasNoQuorum = tree.delivery === 'reliable' && lostVoters * 2 >= voters.length && lostVoters > 0;
  return { before, after: now.figures(), lost: lost.length, lostVoters, hasNoQuorum, ...seen };
}

class PlanRun {
  readonly world: PlanWorld;
  readonly #tree: PresentTree;
  readonly #rng;
  readonly #descriptor;
  readonly #readers = new Map<number, { readonly node: Id; reachedAt: Millis | undefined; gaps: number }>();
  #publisher: Id | undefined;
  #session = '';
  #counter = 1;
  /** Messages with a counter from here on were published after the event. */
  #markCounter = Infinity;
  #nextReader = 1;
  #sessions = 0;

  constructor(tree: PresentTree, { seed, asPresent, fanOutMax }: { readonly seed: number; readonly asPresent: boolean; readonly fanOutMax: number }) {
    this.#tree = tree;
    this.#rng = seededRng(seed);
    this.#descriptor = descriptorFor(tree, fanOutMax);
    this.world = new PlanWorld({ tree, seed, asPresent, onEvent: (node, event, at) => this.#onEvent(node, event, at) });
    for (const node of tree.nodes) this.world.start(node);
  }

  /** Opens the group at its root and lets everybody take a place. */
  async settle(pause: () => Promise<void>): Promise<void> {
    const root = this.#tree.nodes.find(({ isRoot }) => isRoot) ?? this.#tree.nodes[0];
    if (root === undefined) return;
    this.world.command(root.id, { type: 'open', descriptor: this.#descriptor });
    await this.#run(2_000, pause);
    for (const node of this.#tree.nodes) if (node.hasSubscribers) this.#subscribe(node.id);
    this.publishFrom(() => true);
    await this.#run(SETTLE_MS, pause);
  }

  /** Publishes from now on at the first that may: the root before voters before others. */
  publishFrom(may: (node: PresentNode) => boolean): void {
    const rank = ({ isRoot, isVoter }: PresentNode): number => (isRoot ? 0 : isVoter ? 1 : 2);
    this.#publisher = this.world.alive.filter(may).toSorted((a, b) => rank(a) - rank(b))[0]?.id;
    this.#session = `session ${++this.#sessions}`;
    this.#counter = 1;
  }

  /** As many readers again, each on a new node that stands where one stands. */
  double(): void {
    for (const node of this.#tree.nodes) {
      if (!node.hasSubscribers) continue;
      const id = randomId(this.#rng);
      this.world.start({ ...node, id, parent: undefined, isRoot: false, isVoter: false }, node.id);
      this.#subscribe(id);
    }
  }

  /** What happens after the event: until all have heard something new, and then until it is calm. */
  async watch(pause: () => Promise<void>): Promise<Pick<PlanOutcome, 'reachedAfterMs' | 'unreached' | 'messagesLost'>> {
    const from = this.world.now;
    this.#markCounter = this.#counter;
    for (const reader of this.#readers.values()) reader.reachedAt = undefined;
    while (this.world.now - from < WATCH_MS && this.#unreached().length > 0) await this.#run(STEP_MS, pause);
    const unreached = this.#unreached().length;
    const reachedAt = Math.max(from, ...this.#living().map(({ reachedAt: at }) => at ?? from));
    this.#publisher = undefined;
    await this.#run(CALM_MS, pause);
    const messagesLost = Math.max(0, ...this.#living().map(({ gaps }) => gaps));
    return { reachedAfterMs: unreached > 0 ? undefined : reachedAt - from, unreached, messagesLost };
  }

  /** Who votes, as the root has it. */
  voters(): readonly Id[] {
    const root = this.figures().root;
    const record = root === undefined ? undefined : this.world.machine(root)?.recordOf(this.#tree.group);
    return (record?.voters ?? []).map(({ id }) => id);
  }

  figures(): TreeFigures {
    const { world } = this;
    const { group } = this.#tree;
    const pictures = world.alive.flatMap(({ id }) => {
      const picture = world.machine(id)?.describe(group);
      return picture === undefined || picture.role === 'closed' ? [] : [{ id, picture }];
    });
    const root = pictures.find(({ picture }) => picture.role === 'root')?.id;
    const parents = new Map(pictures.map(({ id, picture }) => [id, picture.parent?.id]));
    const ways = pictures.map(({ id }) => wayTo(id, root, parents, (a, b) => world.wayMs(a, b))).filter((way) => way !== undefined);
    return {
      nodes: pictures.length,
      orphans: pictures.filter(({ picture }) => picture.role === 'orphan').length,
      depthMax: Math.max(0, ...ways.map(({ depth }) => depth)),
      wayMsMean: ways.reduce((sum, { ms }) => sum + ms, 0) / Math.max(1, ways.length),
      wayMsMax: Math.max(0, ...ways.map(({ ms }) => ms)),
      childrenMax: Math.max(0, ...pictures.map(({ picture }) => picture.children.length)),
      root,
      publisherMsMean: presentPublisherMs({ ...this.#tree, nodes: this.#tree.nodes.map((node) => ({ ...node, isRoot: node.id === root })) }),
    };
  }

  #subscribe(node: Id): void {
    const subscription = this.#nextReader++;
    this.#readers.set(subscription, { node, reachedAt: undefined, gaps: 0 });
    this.world.command(node, { type: 'subscribe', subscription, group: this.#tree.group, start: { type: 'latest' }, windowBytes: WINDOW_BYTES, descriptor: this.#descriptor });
  }

  async #run(forMs: Millis, pause: () => Promise<void>): Promise<void> {
    const until = this.world.now + forMs;
    while (this.world.now < until) {
      if (this.#publisher !== undefined && Math.round(this.world.now / STEP_MS) % PUBLISH_STEPS === 0) this.#publish(this.#publisher);
      this.world.run(Math.min(until, this.world.now + STEP_MS));
      await pause();
    }
  }

  #publish(node: Id): void {
    const counter = this.#counter++;
    this.world.command(node, { type: 'publish', group: this.#tree.group, client: 'plan', session: this.#session, counter, count: 1, payload: counter, bytes: MESSAGE_BYTES, descriptor: this.#descriptor });
  }

  #onEvent(node: Id, event: MulticastEvent, now: Millis): void {
    switch (event.type) {
      case 'messages': {
        const reader = this.#readers.get(event.subscription);
        const { frame, subscription } = event;
        this.world.command(node, { type: 'consumed', subscription, bytes: frame.bytes });
        const isNew = frame.blocks.some(({ session, counter }) => session === this.#session && counter >= this.#markCounter);
        if (reader !== undefined && isNew) reader.reachedAt ??= now;
        return;
      }
      case 'gap': {
        const reader = this.#readers.get(event.subscription);
        if (reader !== undefined) reader.gaps += event.to - event.from;
        return;
      }
      default:
        return;
    }
  }

  #living() {
    return [...this.#readers.values()].filter(({ node }) => this.world.machine(node) !== undefined);
  }

  #unreached() {
    return this.#living().filter(({ reachedAt }) => reachedAt === undefined);
  }
}

function wayTo(id: Id, root: Id | undefined, parents: ReadonlyMap<Id, Id | undefined>, wayMs: (a: Id, b: Id) => number): { readonly depth: number; readonly ms: number } | undefined {
  let depth = 0;
  let ms = 0;
  for (let at = id; at !== root; depth++) {
    const parent = parents.get(at);
    if (parent === undefined || depth > parents.size) return undefined;
    ms += wayMs(at, parent);
    at = parent;
  }
  return { depth, ms };
}
