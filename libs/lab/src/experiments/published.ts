/** A row of somebody else's results for the same workload. Figures they do not give are left out. */
export interface PublishedRouting {
  readonly source: string;
  readonly nodes: number;
  readonly leafSet: number;
  readonly topology: 'plane' | 'matrix';
  readonly hopsMean?: number;
  readonly hopsP99?: number;
  readonly rdpMean?: number;
  readonly rdpMedian?: number;
  readonly rdpRatioOfSums?: number;
  /** Share of lookups that took 0, 1, 2, … hops. */
  readonly hopShares?: readonly number[];
}

/** Random-pair lookups over Pastry, b = 4. */
export const PUBLISHED_ROUTING: readonly PublishedRouting[] = [
  { source: 'FreePastry 2.1, measured', nodes: 500, leafSet: 24, topology: 'plane', hopsMean: 2.11, hopsP99: 3, rdpMean: 1.77, rdpMedian: 1.26, rdpRatioOfSums: 1.46 },
  { source: 'FreePastry 2.1, measured', nodes: 1_000, leafSet: 24, topology: 'plane', hopsMean: 2.39, hopsP99: 3, rdpMean: 2.0, rdpMedian: 1.37, rdpRatioOfSums: 1.57 },
  { source: 'FreePastry 2.1, measured', nodes: 1_000, leafSet: 24, topology: 'matrix', rdpMean: 2.0, rdpMedian: 1.17, rdpRatioOfSums: 1.33 },
  { source: 'FreePastry 2.1, measured', nodes: 2_000, leafSet: 24, topology: 'plane', hopsMean: 2.63, hopsP99: 3, rdpMean: 1.91, rdpMedian: 1.4, rdpRatioOfSums: 1.54 },
  { source: 'FreePastry 2.1, measured', nodes: 4_000, leafSet: 24, topology: 'plane', hopsMean: 2.81, hopsP99: 4, rdpMean: 1.88, rdpMedian: 1.38, rdpRatioOfSums: 1.51 },
  { source: 'Rowstron & Druschel 2001, Fig. 10', nodes: 5_000, leafSet: 16, topology: 'plane', hopsMean: 2.73 },
  { source: 'FreePastry 2.1, measured', nodes: 16_000, leafSet: 24, topology: 'plane', hopsMean: 3.33, hopsP99: 4, rdpMean: 1.87, rdpMedian: 1.39, rdpRatioOfSums: 1.54 },
  {
    source: 'Rowstron & Druschel 2001, Fig. 5',
    nodes: 100_000,
    leafSet: 16,
    topology: 'plane',
    hopsMean: 3.98,
    hopShares: [0, 0.0006, 0.0156, 0.1643, 0.6449, 0.1745, 0],
  },
];

const COMPARABLE_RATIO = 1.5;

/** The rows with about as many nodes, at most half as many more or fewer. */
export function publishedNear(nodes: number): readonly PublishedRouting[] {
  return PUBLISHED_ROUTING.filter((row) => Math.max(row.nodes / nodes, nodes / row.nodes) <= COMPARABLE_RATIO);
}
