/** Packets that get lost: all on the way `from` one host `to` another, or of one TCP port only, whichever of the two listens on it. */
export interface Cut {
  readonly from: string;
  readonly to: string;
  readonly port?: number;
}

/** Both directions between two hosts. */
export function bothWays(one: string, other: string, port?: number): readonly Cut[] {
  const of = port === undefined ? {} : { port };
  return [
    { from: one, to: other, ...of },
    { from: other, to: one, ...of },
  ];
}

/** Everything between two sides of a network, both directions. */
export function halves(one: readonly string[], other: readonly string[]): readonly Cut[] {
  return one.flatMap((left) => other.flatMap((right) => bothWays(left, right)));
}

/**
 * The filter table of the host `to` that loses what these cuts say, as `iptables-restore` reads it. Packets are dropped where they
 * arrive: who sends learns nothing, no ICMP and no reset.
 */
export function filterTable(to: string, cuts: Iterable<Cut>, addressOf: (host: string) => string): string {
  const rules = [...cuts].filter((cut) => cut.to === to).flatMap(({ from, port }) => rulesFor(addressOf(from), port));
  return ['*filter', ':INPUT ACCEPT [0:0]', ':FORWARD ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]', ...rules, 'COMMIT', ''].join('\n');
}

function rulesFor(source: string, port: number | undefined): readonly string[] {
  if (port === undefined) return [`-A INPUT -s ${source} -j DROP`];
  return ['sport', 'dport'].map((end) => `-A INPUT -s ${source} -p tcp --${end} ${port} -j DROP`);
}
