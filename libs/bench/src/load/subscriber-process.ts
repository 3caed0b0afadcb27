// The program of the subscriber process: holds subscriptions at many nodes and counts what they get.
import { connect, type Subscription } from '@banyan/client';
import { Counting } from './counting.ts';
import { nowMs } from './message.ts';
import type { Order, Report, SubscribeOrder } from './subscriber-protocol.ts';

let subscriptions: readonly Subscription[] = [];
let counting: Counting | undefined;

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
      counting = new Counting({ ...order, subscribers: subscriptions.length }, {
        done(result) {
          counting = undefined;
          tell({ type: 'counted', result });
        },
      });
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
    if (event.type === 'gap') counting?.gap();
    else {
      const atMs = nowMs();
      for (const message of event.messages) counting?.take(index, message, atMs);
    }
  }
}

function tell(report: Report): void {
  process.send?.(report);
}
