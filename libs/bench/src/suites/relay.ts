// One relay between one source and some sinks, every party a process of its own. The cost is that of the relay's process
// alone. All systems take the same messages, gathered by the source in the same way, one system after the other in one run.
import { mintTestAuthority } from '@banyan/identity/testing';
import { ChildProgram } from '../processes/child-program.ts';
import { natsMissing, startNats } from '../processes/nats-server.ts';
import { cpuSecondsOf, memoryOf } from '../processes/process-cost.ts';
import type { PartyOrder, PartyReport, PartyRole } from '../relay/party-protocol.ts';
import { PARTY_PROGRAM, progressTo, runPhase, stand, type Party } from '../relay/phase.ts';
import type { PartyKeys, PartySetup } from '../relay/system.ts';
import type { RelaySystemName } from '../relay/systems/index.ts';
import type { Outcome, Suite, Values } from '../suite.ts';
import { cellsOf, failuresOf, ROW_COLUMNS, rowOf, type Row } from './row.ts';

/** One message a frame costs so much more that fewer tell as much. */
const GRPC_MESSAGES_MAX = 100_000;
const WARMUP_SHARE = 4;

const options = {
  peers: { kind: 'list', describe: 'systems beside ours', default: ['nats', 'tcp', 'tls', 'grpc'], choices: ['nats', 'tcp', 'tls', 'grpc'] },
  sizes: { kind: 'list', describe: 'bytes of a message', default: ['128', '1024', '16384', '65536'], choices: ['128', '1024', '16384', '65536'] },
  fanout: { kind: 'number', describe: 'sinks', default: 4, min: 1 },
  megabytes: { kind: 'number', describe: 'published at full speed, at most', default: 512, min: 1 },
  messages: { kind: 'number', describe: 'published at full speed, at most', default: 1_000_000, min: 1 },
  rate: { kind: 'number', describe: 'messages a second of the steady phase', default: 200, min: 1 },
  'steady-seconds': { kind: 'number', describe: 'length of the steady phase', default: 3, min: 1 },
  seed: { kind: 'number', describe: 'taken like everywhere; the filling of the messages does not change the cost', default: 1, min: 0 },
} as const;

/** One system in one of its forms. */
interface Contender {
  readonly system: RelaySystemName;
  readonly mtls: boolean;
}

const CONTENDERS: Readonly<Record<string, Contender>> = {
  nats: { system: 'nats', mtls: false },
  tcp: { system: 'tcp', mtls: false },
  tls: { system: 'tls', mtls: true },
  grpc: { system: 'grpc', mtls: false },
};
const OURS: readonly Contender[] = [{ system: 'banyan', mtls: false }, { system: 'banyan', mtls: true }];

/** `bench relay`. */
export const relay: Suite<typeof options> = {
  name: 'relay',
  summary: 'what one relay pays for a delivery, beside nats-server, bare TCP, bare TLS and grpc-js',
  options,
  async run(values, say) {
    const missing = values.peers.includes('nats') ? natsMissing() : undefined;
    const peers = values.peers.filter((peer) => peer !== 'nats' || missing === undefined);
    const contenders = [...OURS, ...peers.flatMap((peer) => CONTENDERS[peer] ?? [])];
    const rows: Row[] = [];
    const cost = { cpuSeconds: 0, peakRssBytes: 0 };
    for (const size of values.sizes.map(Number)) {
      for (const contender of contenders) {
        say(`${contender.system}${contender.mtls ? ' with mTLS' : ''}, ${size} bytes`);
        const row = await measure(contender, size, values, cost);
        say(`${row.usCpuPerDelivery} us of CPU per delivery`);
        rows.push(row);
      }
    }
    return outcomeOf(rows, missing, cost);
  },
};

type Cost = { cpuSeconds: number; peakRssBytes: number };

async function measure({ system, mtls }: Contender, size: number, values: Values<typeof options>, cost: Cost): Promise<Row> {
  await using stack = new AsyncDisposableStack();
  const { fanout } = values;
  const setup: PartySetup = { size, fanout, mtls, keys: await mintKeys(2 + fanout) };
  const party = (role: PartyRole, aside?: (report: PartyReport) => boolean): Party => stack.use(new ChildProgram<PartyOrder, PartyReport>(`the ${role} of ${system}`, PARTY_PROGRAM, aside));

  const server = system === 'nats' ? (await startNats())[0] : undefined;
  if (server !== undefined) stack.use(server);
  const own = server === undefined ? party('relay') : undefined;
  const pid = server?.pid ?? own?.pid ?? 0;
  const address = own === undefined ? (server?.address ?? '') : await stand(own, { system, role: 'relay', relay: '', setup });
  const source = party('source');
  await stand(source, { system, role: 'source', relay: address, setup });
  await own?.ask({ type: 'meet', whom: 'source' }, 'met');
  const sinks = party('sinks', progressTo(source));
  await stand(sinks, { system, role: 'sinks', relay: address, setup });
  await own?.ask({ type: 'meet', whom: 'sinks' }, 'met');

  const measured = { source, sinks, pids: [pid] };
  const messages = Math.min(values.messages, Math.floor((values.megabytes * 1e6) / size), system === 'grpc' ? GRPC_MESSAGES_MAX : Infinity);
  await runPhase(measured, { phase: 1, messages: Math.ceil(messages / WARMUP_SHARE) });
  const full = await runPhase(measured, { phase: 2, messages });
  const steady = await runPhase(measured, { phase: 3, messages: values.rate * values['steady-seconds'], perSecond: values.rate });
  for (const child of [own, source, sinks]) if (child !== undefined) cost.cpuSeconds += cpuSecondsOf(child.pid);
  cost.peakRssBytes = Math.max(cost.peakRssBytes, memoryOf(pid).peakRssBytes);
  return rowOf({ system, size, fanout, mtls }, messages, full, steady);
}

/** Relay, source and sinks are ring members; the last key is a tree builder's, who signs what the group is. */
async function mintKeys(members: number): Promise<readonly PartyKeys[]> {
  const authority = await mintTestAuthority();
  const all = await Promise.all(Array.from({ length: members + 1 }, (_, i) => authority.issue(i === members ? { role: 'builder' } : {})));
  return all.map(({ key, certificate, authority: trusted }) => ({ key, certificate, authority: trusted }));
}

function outcomeOf(rows: readonly Row[], missing: string | undefined, cost: Cost): Outcome {
  return {
    results: { rows },
    columns: ROW_COLUMNS,
    rows: rows.map(cellsOf),
    remarks: [
      'CPU of the relay process alone, as the operating system counts it. Latency at the steady rate.',
      ...comparisons(rows),
      ...(missing === undefined ? [] : [`Left out: ${missing}.`]),
    ],
    failures: rows.flatMap(failuresOf),
    ...cost,
  };
}

function comparisons(rows: readonly Row[]): readonly string[] {
  const find = (system: string, mtls: boolean, size: number): Row | undefined => rows.find((row) => row.system === system && row.mtls === mtls && row.size === size);
  const sizes = [...new Set(rows.map(({ size }) => size))];
  const ratio = (a: Row | undefined, b: Row | undefined): string | undefined => (a === undefined || b === undefined ? undefined : (a.usCpuPerDelivery / b.usCpuPerDelivery).toFixed(2));
  return sizes.flatMap((size) => {
    const [plain, secured] = [find('banyan', false, size), find('banyan', true, size)];
    const parts = [
      ['of nats-server', ratio(plain, find('nats', false, size))],
      ['of nats-server, ours with mTLS', ratio(secured, find('nats', false, size))],
      ['of bare TCP', ratio(plain, find('tcp', false, size))],
      ['of bare TLS, ours with mTLS', ratio(secured, find('tls', true, size))],
    ].flatMap(([what, value]) => (value === undefined ? [] : [`${value} ${what}`]));
    return parts.length === 0 ? [] : [`CPU of ours at ${size} bytes: ${parts.join(', ')}.`];
  });
}

