import { setTimeout as delay } from 'node:timers/promises';
import type { Publisher } from '@banyan/client';
import { nowMs, type MessageMaker } from './message.ts';

/** Messages of one phase. */
export interface Load {
  readonly maker: MessageMaker;
  readonly phase: number;
  readonly messages: number;
}

/** Publishes as fast as the overlay takes them. */
export async function publishAtFullSpeed(publisher: Publisher, { maker, phase, messages }: Load): Promise<void> {
  for (let index = 0; index < messages; index++) await publisher.send(maker.make(phase, index));
}

/** Publishes at a steady rate; a late moment is made up for by what follows, so the mean holds. */
export async function publishSteadily(publisher: Publisher, { maker, phase, messages }: Load, perSecond: number): Promise<void> {
  const startedMs = nowMs();
  for (let index = 0; index < messages; index++) {
    const waitMs = startedMs + (index * 1_000) / perSecond - nowMs();
    if (waitMs > 0) await delay(waitMs);
    await publisher.send(maker.make(phase, index));
  }
}
