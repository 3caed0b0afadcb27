import type { Client, Tree, TreePlace } from '@banyan/client';
import type { LocalOverlay } from '@banyan/local-overlay';
import { eventually } from './eventually.ts';

/** The newest picture of a group's tree that the tree builder gives; kept up to date until the client is closed. */
export class LiveTree {
  #tree: Tree | undefined;

  constructor(client: Client, group: string) {
    void this.#watch(client.groups.watchTree(group));
  }

  get places(): readonly TreePlace[] {
    return this.#tree?.places ?? [];
  }

  /** The place of the node that numbers, if one is known. */
  get root(): TreePlace | undefined {
    return this.places.find((place) => place.role === 'root');
  }

  /** Nodes with a parent and children, those with most children first. */
  get interior(): readonly TreePlace[] {
    return this.places.filter((place) => place.role !== 'root' && place.children.length > 0).sort((a, b) => b.children.length - a.children.length);
  }

  async #watch(pictures: AsyncIterable<Tree>): Promise<void> {
    try {
      for await (const tree of pictures) this.#tree = tree;
    } catch {
      // The tree builder may be killed by the test: the last picture stays.
    }
  }
}

/** The process name of the node in this place. */
export function nameOf(overlay: LocalOverlay, place: TreePlace): string {
  const node = overlay.nodes.find((entry) => entry.id === place.node.id);
  if (node === undefined) throw new Error(`no node of the overlay has the id ${place.node.id}`);
  return node.name;
}

/** The process name of the root, once there is one. */
export function rootOf(overlay: LocalOverlay, tree: LiveTree): Promise<string> {
  return placed(overlay, 'a root', () => tree.root);
}

/** Of the forwarder with most children. */
export function forwarderOf(overlay: LocalOverlay, tree: LiveTree): Promise<string> {
  return placed(overlay, 'a forwarder', () => tree.interior[0]);
}

/** Of a voter that is not the root. */
export function voterOf(overlay: LocalOverlay, tree: LiveTree): Promise<string> {
  return placed(overlay, 'a voter', () => tree.places.find((place) => place.isVoter && place.role !== 'root'));
}

/** Two nodes of a tree, by process name. */
export interface Edge {
  readonly parent: string;
  readonly child: string;
}

/** A node with a reader that is neither root nor voter, below one that is not the root. */
export function forwarderEdgeOf(overlay: LocalOverlay, tree: LiveTree): Promise<Edge> {
  return edgeOf(overlay, tree, 'an edge below a forwarder', ({ parent, child }) => parent.role !== 'root' && !child.isVoter);
}

/** A voter with a reader, below the root. */
export function voterEdgeOf(overlay: LocalOverlay, tree: LiveTree): Promise<Edge> {
  return edgeOf(overlay, tree, 'an edge from the root to a voter', ({ parent, child }) => parent.role === 'root' && child.isVoter);
}

function edgeOf(overlay: LocalOverlay, tree: LiveTree, what: string, fits: (edge: { readonly parent: TreePlace; readonly child: TreePlace }) => boolean): Promise<Edge> {
  return eventually(what, () => {
    for (const child of tree.places) {
      const parent = tree.places.find(({ node }) => node.id === child.parent);
      if (parent !== undefined && child.subscriptions > 0 && fits({ parent, child })) return { parent: nameOf(overlay, parent), child: nameOf(overlay, child) };
    }
    return undefined;
  });
}

function placed(overlay: LocalOverlay, what: string, find: () => TreePlace | undefined): Promise<string> {
  return eventually(what, () => {
    const place = find();
    return place !== undefined && nameOf(overlay, place);
  });
}
