import { idFromBytes, idToBytes, type Id } from '@banyan/ids';
import { OverlayError } from '@banyan/grpc';
import { multicast, type builder } from '@banyan/proto';
import type { NodeMap } from '../advising/node-map.ts';
import type { TreePictures } from '../picturing/tree-pictures.ts';
import type { PresentNode, PresentTree, WhatIf } from './present-tree.ts';
import { PLAN_NODES_MAX, runPlan, type TreeFigures } from './run-plan.ts';

const RETRY_AFTER_MS = 5_000;
const DELIVERIES = new Map([
  [multicast.Delivery.BEST_EFFORT, 'best-effort'],
  [multicast.Delivery.ORDERED, 'ordered'],
] as const);

/** Answers what-ifs about the trees that are pictured, one at a time: each takes a core for seconds, a little at a time. */
export class Planner {
  readonly #pictures: TreePictures;
  readonly #map: NodeMap;
  #isBusy = false;

  constructor(pictures: TreePictures, map: NodeMap) {
    this.#pictures = pictures;
    this.#map = map;
  }

  /** Throws TREE_NOT_PLANNED, and BUSY while another question is being answered. */
  async plan(descriptor: multicast.GroupDescriptor, question: { readonly whatIf: WhatIf; readonly seed: number }, now: number): Promise<builder.PlanResponse> {
    const tree = this.#present(descriptor, now);
    assertFits(tree, question.whatIf);
    if (this.#isBusy) throw new OverlayError('BUSY', 'another plan is being made', {}, { retryAfterMs: RETRY_AFTER_MS });
    this.#isBusy = true;
    try {
      // Between steps of virtual time the event loop has its turn, so reports and watchers do not wait for a plan.
      const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
      const { before, after, ...rest } = await runPlan(tree, question.whatIf, { seed: question.seed, pause });
      const { lost, lostVoters, reachedAfterMs, unreached, messagesLost, hasNoQuorum: noQuorum, electorate = [] } = rest;
      return { before: toFigures(before), after: toFigures(after), lost, lostVoters, reachedAfterMs, unreached, messagesLost, noQuorum, electorate: electorate.map((id) => idToBytes(id)) };
    } finally {
      this.#isBusy = false;
    }
  }

  #present({ key, delivery, fanOutMax }: multicast.GroupDescriptor, now: number): PresentTree {
    const group = idFromBytes(key);
    const places = this.#pictures.picture(group, now);
    const nodes = places.flatMap(presentNode);
    const publishers = places.flatMap((place) => place.publishers.map((node) => idFromBytes(node.id)));
    const known = new Set(nodes.map(({ id }) => id));
    // A parent that has not reported yet is none that could be put up.
    const standing = nodes.map((node) => (node.parent === undefined || known.has(node.parent) ? node : { ...node, parent: undefined }));
    const roundTripMs = (a: Id, b: Id): number | undefined => this.#map.roundTripMs(a, b, now);
    return { group, nodes: standing, publishers, delivery: DELIVERIES.get(delivery as multicast.Delivery.ORDERED) ?? 'reliable', fanOutMax, roundTripMs };
  }
}

function presentNode({ node, parent, role, voter, subscribers }: multicast.Place): readonly PresentNode[] {
  if (node === undefined || role === multicast.Role.UNSPECIFIED) return [];
  const { region, zone, capacity } = node;
  const above = parent === undefined ? undefined : idFromBytes(parent.id);
  return [{ id: idFromBytes(node.id), parent: above, isRoot: role === multicast.Role.ROOT, isVoter: voter, hasSubscribers: subscribers > 0, region, zone, capacity }];
}

function assertFits({ nodes }: PresentTree, whatIf: WhatIf): void {
  const count = whatIf.type === 'double' ? 2 * nodes.length : nodes.length;
  if (!nodes.some(({ isRoot }) => isRoot)) throw new OverlayError('TREE_NOT_PLANNED', 'no root of this group has reported; a tree grows when somebody subscribes or publishes');
  if (count > PLAN_NODES_MAX) throw new OverlayError('TREE_NOT_PLANNED', `this would be a plan of ${count} nodes, and at most ${PLAN_NODES_MAX} are planned`);
  const places = new Set(nodes.map(({ zone, region }) => (whatIf.type === 'loseZone' ? zone : region)));
  const [what, name] = whatIf.type === 'loseZone' ? ['zone', whatIf.zone] : whatIf.type === 'loseRegion' ? ['region', whatIf.region] : [];
  if (what !== undefined && name !== undefined && !places.has(name)) {
    const known = [...places].map((place) => (place === '' ? '(none)' : place)).toSorted();
    throw new OverlayError('REQUEST_INVALID', `no node of this tree is in ${what} '${name}'; there are: ${known.join(', ')}`, { field: 'whatIf' });
  }
}

function toFigures({ root, ...figures }: TreeFigures): builder.TreeFigures {
  return { ...figures, root: root === undefined ? new Uint8Array() : idToBytes(root) };
}
