// The systems that stand beside ours in `e2e`: the same load, and CPU of all their processes together, clients included.
import { ChildProgram } from '../processes/child-program.ts';
import { startNats } from '../processes/nats-server.ts';
import type { PartyOrder, PartyReport } from '../relay/party-protocol.ts';
import { PARTY_PROGRAM, progressTo, runPhase, stand, type Party } from '../relay/phase.ts';
import { rowOf, type Row } from './row.ts';

/** A peer of `e2e`. */
export type E2ePeer = 'nats' | 'gossipsub';

/** Servers of the nats cluster. */
const NATS_SERVERS = 4;
/** A delivery of gossipsub costs so much that fewer messages tell as much. */
const GOSSIPSUB_MESSAGES_MAX = 500;

/** What is measured, as the suite was told. */
export interface E2eLoad {
  readonly size: number;
  readonly subscribers: number;
  readonly warmup: number;
  readonly count: number;
  readonly rate: number;
  readonly steadySeconds: number;
}

/** Starts a peer, measures it, and ends it. */
export async function measurePeer(system: E2ePeer, load: E2eLoad): Promise<Row> {
  await using stack = new AsyncDisposableStack();
  const { size, subscribers: fanout } = load;
  const setup = { size, fanout, mtls: false, keys: [] };
  const servers = system === 'nats' ? await startNats(NATS_SERVERS) : [];
  for (const server of servers) stack.use(server);
  const party = (name: string, aside?: (report: PartyReport) => boolean): Party => stack.use(new ChildProgram<PartyOrder, PartyReport>(`the ${name} of ${system}`, PARTY_PROGRAM, aside));
  const source = party('source');
  const cluster = servers.map(({ address }) => address).join(',');
  const address = await stand(source, { system, role: 'source', relay: cluster, setup });
  const sinks = party('sinks', progressTo(source));
  await stand(sinks, { system, role: 'sinks', relay: cluster === '' ? address : cluster, setup });

  const measured = { source, sinks, pids: [...servers.map(({ pid }) => pid), source.pid, sinks.pid] };
  const limit = system === 'gossipsub' ? GOSSIPSUB_MESSAGES_MAX : Infinity;
  const count = Math.min(load.count, limit);
  await runPhase(measured, { phase: 1, messages: Math.min(load.warmup, Math.ceil(limit / 4)) });
  const full = await runPhase(measured, { phase: 2, messages: count });
  const steady = await runPhase(measured, { phase: 3, messages: Math.min(load.rate * load.steadySeconds, limit), perSecond: load.rate });
  return rowOf({ system, size, fanout, mtls: false }, count, full, steady);
}
