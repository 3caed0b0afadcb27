// One publisher, one group, a subscriber on every other node, all in real processes on this machine. Two phases: at
// full speed for what a delivery costs, at a steady rate for how long it takes.
import { connect, type DeliveryName } from '@banyan/client';
import { MessageMaker, HEADER_BYTES } from '../load/message.ts';
import { publishAtFullSpeed, publishSteadily } from '../load/publish.ts';
import type { PhaseResult } from '../load/subscriber-protocol.ts';
import { Subscribers } from '../load/subscribers.ts';
import { natsMissing } from '../processes/nats-server.ts';
import { startOverlay, type OverlayUnderTest } from '../processes/overlay-under-test.ts';
import { cpuSecondsOf, memoryOf, startCpuMeter, totalOf } from '../processes/process-cost.ts';
import { rounded } from '../report/percentile.ts';
import type { Outcome, Suite, Values } from '../suite.ts';
import { measurePeer, type E2ePeer } from './e2e-peers.ts';
import { cellsOf, failuresOf, ROW_COLUMNS, rowOf, type MeasuredPhase, type Row } from './row.ts';

const GROUP = 'admin/bench';
/** A phase ends incomplete when no subscriber gets anything for so long, ms. */
const QUIET_MS = 20_000;
/** Retention holds the whole run, so that nothing is lost for want of room: at full speed the publisher runs far ahead of the subscribers' one process. */
const RETENTION_BYTES_MIN = 256 * 1024 * 1024;
/** What a message of a batch takes beside its bytes, at most. */
const MESSAGE_OVERHEAD_BYTES = 64;
const RETENTION_MS = 600_000n;

const options = {
  peers: { kind: 'list', describe: 'systems beside ours', default: [], choices: ['nats', 'gossipsub'] },
  nodes: { kind: 'number', describe: 'node processes; one publishes, the others subscribe', default: 16, min: 2 },
  size: { kind: 'number', describe: 'bytes of a message', default: 1_024, min: HEADER_BYTES },
  count: { kind: 'number', describe: 'messages at full speed', default: 60_000, min: 1 },
  warmup: { kind: 'number', describe: 'messages before the measuring, so that code is compiled', default: 20_000, min: 1 },
  rate: { kind: 'number', describe: 'messages a second of the steady phase', default: 200, min: 1 },
  'steady-seconds': { kind: 'number', describe: 'length of the steady phase', default: 10, min: 1 },
  delivery: { kind: 'choice', describe: 'what the group promises', default: 'reliable', choices: ['best-effort', 'ordered', 'reliable'] },
  seed: { kind: 'number', describe: 'what the filling of the messages follows from', default: 1, min: 0 },
} as const;

/** `bench e2e`. */
export const e2e: Suite<typeof options> = {
  name: 'e2e',
  summary: 'what a delivery costs and how long it takes: one publisher, a subscriber on every other node',
  options,
  async run(values, say) {
    say(`starting an overlay of ${values.nodes} nodes`);
    const ours = await measureOurs(values, say);
    return withPeers(ours, values, say);
  },
};

async function measureOurs(values: Values<typeof options>, say: (progress: string) => void): Promise<Measurement> {
  await using overlay = await startOverlay({ nodes: values.nodes });
  return await measure(overlay, values, say); // the overlay is stopped after that, not before
}

async function withPeers(ours: Measurement, values: Values<typeof options>, say: (progress: string) => void): Promise<Outcome> {
  const missing = values.peers.includes('nats') ? natsMissing() : undefined;
  const rows = [ours.row];
  const load = { size: values.size, subscribers: values.nodes - 1, warmup: values.warmup, count: values.count, rate: values.rate, steadySeconds: values['steady-seconds'] };
  for (const peer of values.peers as readonly E2ePeer[]) {
    if (peer === 'nats' && missing !== undefined) continue;
    say(`${peer}, ${values.size} bytes`);
    rows.push(await measurePeer(peer, load));
  }
  const { outcome } = ours;
  const compared = rows.slice(1).map(({ system, usCpuPerDelivery }) => `CPU of ours: ${(ours.row.usCpuPerDelivery / usCpuPerDelivery).toFixed(3)} of ${system}.`);
  return {
    ...outcome,
    results: { ...outcome.results, rows },
    rows: rows.map(cellsOf),
    remarks: [...outcome.remarks, ...compared, ...(missing === undefined ? [] : [`Left out: ${missing}.`])],
    failures: [...outcome.failures, ...rows.slice(1).flatMap(failuresOf)],
  };
}

/** Our own row, and what else was seen on the way to it. */
interface Measurement {
  readonly row: Row;
  readonly outcome: Outcome;
}

interface Measured {
  readonly result: PhaseResult;
  /** By process id. */
  readonly cpuSeconds: ReadonlyMap<number, number>;
  readonly seconds: number;
}

async function measure(overlay: OverlayUnderTest, values: Values<typeof options>, say: (progress: string) => void): Promise<Measurement> {
  const [first, ...others] = overlay.nodes;
  if (first === undefined) throw new Error('the overlay has no node');
  const { authorityFile, token, treeBuilder } = overlay;
  using client = await connect({ addresses: [first.api], authorityFile, token, treeBuilder });
  await client.groups.create(GROUP, { delivery: values.delivery as DeliveryName, retentionBytes: retentionBytes(values), retentionMs: RETENTION_MS });
  using subscribers = await Subscribers.start({ addresses: others.map(({ api }) => api), authorityFile, token, group: GROUP });
  await using publisher = await client.publish(GROUP);
  const pids = [process.pid, subscribers.pid, ...overlay.pids];
  const maker = new MessageMaker(values.size, values.seed);

  const phase = async (number: number, messages: number, publish: (load: { maker: MessageMaker; phase: number; messages: number }) => Promise<void>): Promise<Measured> => {
    await subscribers.count({ phase: number, messages, quietMs: QUIET_MS });
    const stopMeter = startCpuMeter(pids);
    const startedMs = performance.now();
    await publish({ maker, phase: number, messages });
    const result = await subscribers.counted();
    return { result, cpuSeconds: stopMeter(), seconds: (performance.now() - startedMs) / 1_000 };
  };

  say('warming up');
  await phase(1, values.warmup, (load) => publishAtFullSpeed(publisher, load));
  say(`${values.count} messages at full speed`);
  const full = await phase(2, values.count, (load) => publishAtFullSpeed(publisher, load));
  const steadyCount = values.rate * values['steady-seconds'];
  say(`${steadyCount} messages at ${values.rate} a second`);
  const steady = await phase(3, steadyCount, (load) => publishSteadily(publisher, load, values.rate));

  const inAll = (phase: Measured): MeasuredPhase => ({ ...phase, cpuSeconds: totalOf(phase.cpuSeconds) });
  const row = rowOf({ system: 'banyan', size: values.size, fanout: others.length, mtls: true }, values.count, inAll(full), inAll(steady));
  const lostSteady = steadyCount * others.length - steady.result.received;
  const outcome: Outcome = {
    results: { rows: [row], cpuSecondsByRole: cpuByRole(full, overlay, subscribers.pid), readySeconds: rounded(overlay.readySeconds) },
    columns: ROW_COLUMNS,
    rows: [cellsOf(row)],
    remarks: [
      'CPU of all processes together: nodes, control plane, subscribers, publisher. Latency at the steady rate.',
      `CPU seconds at full speed: ${Object.entries(cpuByRole(full, overlay, subscribers.pid)).map(([role, seconds]) => `${role} ${seconds}`).join(', ')}.`,
    ],
    failures: [
      ...failuresOf(row),
      ...(lostSteady > 0 ? [`${lostSteady} of ${steadyCount * others.length} deliveries are missing at the steady rate`] : []),
      ...(full.result.reordered + steady.result.reordered > 0 ? ['messages came out of order'] : []),
    ],
    cpuSeconds: rounded(pids.reduce((total, pid) => total + cpuSecondsOf(pid), 0)),
    peakRssBytes: Math.max(...pids.map((pid) => memoryOf(pid).peakRssBytes)),
  };
  return { row, outcome };
}

function retentionBytes({ warmup, count, rate, 'steady-seconds': seconds, size }: Values<typeof options>): bigint {
  return BigInt(Math.max(RETENTION_BYTES_MIN, (warmup + count + rate * seconds) * (size + MESSAGE_OVERHEAD_BYTES)));
}

// Where the CPU of the full-speed phase went: the busiest node tells what a forwarder costs.
function cpuByRole({ cpuSeconds }: Measured, overlay: OverlayUnderTest, subscribersPid: number): Readonly<Record<string, number>> {
  const nodes = overlay.nodes.map(({ pid }) => cpuSeconds.get(pid) ?? 0);
  const nodesTotal = nodes.reduce((total, seconds) => total + seconds, 0);
  const publisher = cpuSeconds.get(process.pid) ?? 0;
  const subscribers = cpuSeconds.get(subscribersPid) ?? 0;
  return {
    nodes: rounded(nodesTotal),
    busiestNode: rounded(Math.max(...nodes)),
    subscribers: rounded(subscribers),
    publisher: rounded(publisher),
    controlPlane: rounded(totalOf(cpuSeconds) - nodesTotal - publisher - subscribers),
  };
}
