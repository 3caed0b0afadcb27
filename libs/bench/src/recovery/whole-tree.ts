import type { Client, Tree, TreePlace } from '@banyan/client';

/** Which part of a tree fails. */
export type Role = 'interior' | 'root';

/** The newest picture of a group's tree. */
export class WholeTree {
  #tree: Tree | undefined;

  constructor(client: Client, group: string) {
    void this.#watch(client.groups.watchTree(group));
  }

  /** Ids of the nodes that have this role, when the picture shows one tree of so many nodes; undefined while it does not. */
  nodesIn(role: Role, nodes: number): readonly string[] | undefined {
    const places = this.#tree?.places ?? [];
    const roots = places.filter((place) => place.role === 'root');
    const [root] = roots;
    if (root === undefined || roots.length > 1 || places.length !== nodes || places.some((place) => !isIn(place, root))) return undefined;
    if (role === 'root') return [root.node.id];
    const interior = places.filter((place) => place !== root && place.children.length > 0);
    return interior.length === 0 ? undefined : interior.map(({ node }) => node.id);
  }

  async #watch(pictures: AsyncIterable<Tree>): Promise<void> {
    try {
      for await (const tree of pictures) this.#tree = tree;
    } catch {
      // The client was closed: nobody asks any more.
    }
  }
}

function isIn(place: TreePlace, root: TreePlace): boolean {
  return place.epoch === root.epoch && (place === root || place.parent !== undefined);
}
