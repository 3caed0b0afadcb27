// The program of the subscriber process: holds subscriptions at many nodes and counts what they get.
import { connect, type Subscription } from '@banyan/client';
import { percentile } from '../report/percentile.ts';
import { nowMs, readHeader } from './message.ts';
import type { CountOrder, Order, PhaseResult, Report, SubscribeOrder } from './subscriber-protocol.ts';
import { Tally } from './tally.ts';

const QUIET_CHECK_MS = 200;

interface Phase {
  readonly order: CountOrder;
  readonly tallies: readonly Tally[];
  lastMs: number;
  gaps: number;
}

let subscriptions: readonly Subscription[] = [];
let phase: Phase | undefined;
let quietCheck: NodeJS.Timeout | undefined;

process.on('message', (order: Order) => {
  obey(order).catch((error: unknown) => tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) }));
});
// The bench is gone: so is the reason to count.
process.on('disconnect', () => process.exit(0));

async function obey(order: Order): Promise<void> {
  switch (order.type) {
    case 'subscribe':
      await subscribeAll(order);
      tell({ type: 'subscribed' });
      return;
    case 'count':
      phase = { order, tallies: subscriptions.map(() => new Tally(order.messages)), lastMs: nowMs(), gaps: 0 };
      quietCheck = setInterval(endIfQuiet, QUIET_CHECK_MS);
      tell({ type: 'counting', phase: order.phase });
  }
}

async function subscribeAll({ addresses, authorityFile, token, group }: SubscribeOrder): Promise<void> {
  subscriptions = await Promise.all(addresses.map(async (address) => {
    const client = await connect({ addresses: [address], authorityFile, token });
    return client.subscribe(group);
  }));
  subscriptions.forEach((subscription, index) => {
    read(subscription, index).catch((error: unknown) => tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) }));
  });
}

async function read(subscription: Subscription, index: number): Promise<void> {
  for await (const event of subscription) {
    if (phase === undefined) continue;
    if (event.type === 'gap') phase.gaps += 1;
    else for (const message of event.messages) count(phase, index, message);
    if (phase.tallies.every((tally) => tally.isComplete)) endPhase(phase);
  }
}

function count(current: Phase, index: number, message: Uint8Array): void {
  const header = readHeader(message);
  if (header.phase !== current.order.phase) return;
  current.lastMs = nowMs();
  current.tallies[index]?.add(header.index, current.lastMs - header.sentMs);
}

function endIfQuiet(): void {
  if (phase !== undefined && nowMs() - phase.lastMs > phase.order.quietMs) endPhase(phase);
}

function endPhase(ended: Phase): void {
  clearInterval(quietCheck);
  phase = undefined;
  tell({ type: 'counted', result: resultOf(ended) });
}

function resultOf({ order, tallies, lastMs, gaps }: Phase): PhaseResult {
  const total = (of: (tally: Tally) => number): number => tallies.reduce((sum, tally) => sum + of(tally), 0);
  const latenciesMs = Float64Array.from(tallies.flatMap((tally) => [...tally.latenciesMs])).sort();
  return {
    phase: order.phase,
    received: total((tally) => tally.received),
    duplicates: total((tally) => tally.duplicates),
    reordered: total((tally) => tally.reordered),
    gaps,
    lastMs,
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
  };
}

function tell(report: Report): void {
  process.send?.(report);
}
