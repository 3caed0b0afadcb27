import type { Host, RoutedTopology } from '@banyan/simulator';
import { rounded } from '../statistics.ts';

/** Copies of messages on links: on average over all links of the network, those without any among them, and on the worst. */
export type StressFigures = {
  readonly mean: number;
  readonly max: number;
};

/** Counts how many copies each link of a router graph carried. Source: Chu, Rao, Zhang 2000 (physical link stress). */
export class LinkStress {
  readonly #topology: RoutedTopology;
  readonly #copies: Int32Array;
  /** For each link the number of the tree that took it last. */
  readonly #takenBy: Int32Array;
  #trees = 0;

  constructor(topology: RoutedTopology) {
    this.#topology = topology;
    this.#copies = new Int32Array(topology.links);
    this.#takenBy = new Int32Array(topology.links);
  }

  /** One message went from one host to another. */
  addWay(from: Host, to: Host): void {
    const copies = this.#copies;
    this.#topology.eachLink(from, to, (link) => {
      copies[link] = (copies[link] ?? 0) + 1;
    });
  }

  /** One message went to all `targets` by the shortest paths from `source`, at most once over each link: what routers that multicast would do. */
  addShortestPathTree(source: Host, targets: readonly Host[]): void {
    this.#trees += 1;
    const tree = this.#trees;
    const copies = this.#copies;
    const takenBy = this.#takenBy;
    for (const target of targets) {
      this.#topology.eachLink(source, target, (link) => {
        if (takenBy[link] === tree) return;
        takenBy[link] = tree;
        copies[link] = (copies[link] ?? 0) + 1;
      });
    }
  }

  figures(): StressFigures {
    let total = 0;
    let max = 0;
    for (const copies of this.#copies) {
      total += copies;
      max = Math.max(max, copies);
    }
    return { mean: rounded(total / Math.max(1, this.#copies.length), 3), max };
  }
}
