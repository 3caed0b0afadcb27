// The program of one party: relay, source or all sinks of one system.
import { setTimeout as delay } from 'node:timers/promises';
import { Counting } from '../load/counting.ts';
import { MessageMaker, nowMs } from '../load/message.ts';
import type { PartyOrder, PartyReport } from './party-protocol.ts';
import type { Relay, Source } from './system.ts';
import { RELAY_SYSTEMS } from './systems/index.ts';

const SEED = 1;
/** How far the source may be ahead of the slowest sink: no system is made to drop or to keep more. */
const WINDOW_BYTES = 8 * 1024 * 1024;
const PROGRESS_SHARE = 4;

let relay: Relay | undefined;
let source: Source | undefined;
let maker: MessageMaker | undefined;
let counting: Counting | undefined;
let fanout = 0;
let size = 0;
let received = 0;
let roomFor: () => void = () => undefined;

const failed = (error: unknown): void => tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
process.on('message', (order: PartyOrder) => void obey(order).catch(failed));
process.on('unhandledRejection', failed);
// The bench is gone: so is the reason to go on.
process.on('disconnect', () => process.exit(0));

async function obey(order: PartyOrder): Promise<void> {
  switch (order.type) {
    case 'stand':
      await stand(order);
      return tell({ type: 'stands', address: relay?.address ?? source?.address ?? '' });
    case 'meet':
      await (order.whom === 'source' ? relay?.meetSource?.() : relay?.meetSinks?.());
      return tell({ type: 'met' });
    case 'send':
      await send(order);
      return tell({ type: 'sent' });
    case 'progress':
      received = order.received;
      return roomFor();
    case 'count':
      counting = new Counting({ ...order, subscribers: fanout, progressEvery: windowMessages() / PROGRESS_SHARE }, {
        done(result) {
          counting = undefined;
          tell({ type: 'counted', result });
        },
        progress: (received) => tell({ type: 'progress', received }),
      });
      return tell({ type: 'counting' });
  }
}

async function stand({ system, role, relay: address, setup }: Extract<PartyOrder, { type: 'stand' }>): Promise<void> {
  const chosen = RELAY_SYSTEMS[system];
  maker = new MessageMaker(setup.size, SEED);
  ({ fanout, size } = setup);
  if (role === 'relay') relay = 'relay' in chosen ? await chosen.relay(setup) : undefined;
  else if (role === 'source') source = await chosen.source(address, setup);
  else await chosen.sinks(address, setup, (sink, message) => counting?.take(sink, message));
}

async function send({ phase, messages, perSecond }: Extract<PartyOrder, { type: 'send' }>): Promise<void> {
  if (source === undefined || maker === undefined) throw new Error('this party is no source');
  const startedMs = nowMs();
  const window = windowMessages();
  received = 0;
  for (let index = 0; index < messages; index++) {
    const waitMs = perSecond === undefined ? 0 : startedMs + (index * 1_000) / perSecond - nowMs();
    if (waitMs > 0) await delay(waitMs);
    const room = source.send(maker.make(phase, index));
    if (room !== undefined) await room;
    while (index - received >= window) await new Promise<void>((resolve) => (roomFor = resolve));
  }
}

function windowMessages(): number {
  return Math.ceil(WINDOW_BYTES / size / PROGRESS_SHARE) * PROGRESS_SHARE;
}

function tell(report: PartyReport): void {
  process.send?.(report);
}
