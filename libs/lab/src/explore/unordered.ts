import { canonicalJson, type Json } from '@banyan/sansio';

/**
 * The state of a node without the order in which it came to know others. Peers and leases are kept in the order of their coming
 * only so that the oldest goes at the bound; a small ring reaches no bound, so nodes that differ in nothing else behave alike.
 */
export function unordered(state: Json): Json {
  const { peers, leases, ...rest } = state as { readonly [name: string]: Json } & { readonly peers: Lists; readonly leases: Lists };
  const sortedPeers = { ...peers, known: sorted(peers['known']) };
  const sortedLeases = { ...leases, held: sorted(leases['held']), issued: sorted(leases['issued']) };
  return { ...rest, peers: sortedPeers, leases: sortedLeases };
}

type Lists = { readonly [name: string]: Json };

function sorted(list: Json | undefined): Json {
  return Array.isArray(list) ? (list as readonly Json[]).map((item) => [canonicalJson(item), item] as const).sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item) : [];
}
