/** Somebody else's figures under churn. What they do not give is left out; shares are of all lookups. */
export interface PublishedChurn {
  readonly source: string;
  readonly setting: string;
  readonly lostShare?: string;
  readonly incorrectShare?: string;
  readonly rdp?: string;
  readonly control?: string;
  readonly bytes?: string;
}

/** Sources: Castro, Costa, Rowstron, DSN 2004; Rhea et al., UCB/CSD-03-1299. */
export const PUBLISHED_CHURN: readonly PublishedChurn[] = [
  { source: 'MSPastry 2004', setting: 'Gnutella trace, transit-stub, no loss', lostShare: '1.5e-5', incorrectShare: '0', rdp: '1.80', control: '0.245' },
  { source: 'MSPastry 2004', setting: 'Gnutella trace, 5 % loss', lostShare: '3.3e-5', incorrectShare: '1.6e-5' },
  { source: 'Bamboo 2003', setting: '1,000 nodes, median session 1.4 min', bytes: '< 900' },
];
