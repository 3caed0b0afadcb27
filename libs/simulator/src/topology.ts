/** A place in the simulated world where a machine may run, numbered from 0. It keeps its place over crash and restart. */
export type Host = number;

/** Who is how far from whom. Pure and constant: chance and faults belong to `Network`. */
export interface Topology {
  /** For reports: the kind and what it was made of. */
  readonly name: string;
  readonly hosts: number;
  /** One-way delay in ms between two hosts, above 0 for two different ones; 0 from a host to itself. */
  latencyMs(from: Host, to: Host): number;
}

/** A topology of routers and links between them, where one can tell which links a datagram takes. */
export interface RoutedTopology extends Topology {
  /** Links of the whole network, numbered from 0: those between routers, then one for each host that has one of its own. */
  readonly links: number;
  /** Calls `visit` for every link on the way from one host to another, by the shortest path; none from a host to itself. */
  eachLink(from: Host, to: Host, visit: (link: number) => void): void;
}

export function isRouted(topology: Topology): topology is RoutedTopology {
  return 'eachLink' in topology;
}

/** What every made-up topology is made of. */
export interface TopologyOptions {
  readonly hosts: number;
  readonly seed: number;
}
