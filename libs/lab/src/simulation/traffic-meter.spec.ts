import { id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { PastryMessage } from '@banyan/pastry';
import { describe, expect, it } from 'vitest';
import { HEADER_BYTES, TrafficMeter } from './traffic-meter.ts';

const KEY = id('5'.repeat(32));
const NODE: NodeHandle = { id: KEY, incarnation: 1, controlAddress: 'host-1:1', dataAddress: 'host-1:2', region: '', zone: '', capacity: 32 };

describe('traffic', () => {
  it('is counted by type, in bytes of the encoder and headers', () => {
    const meter = new TrafficMeter();
    for (let nonce = 0; nonce < 2_000; nonce++) meter.sent({ type: 'ping', nonce: 100, at: { x: 1, y: 2, height: 3, error: 4 } });
    const { messages, bytes, byType } = meter.total();
    expect(messages).toBe(2_000);
    expect(byType['ping']?.messages).toBe(2_000);
    // A ControlFrame: tag and length of the oneof, tag and value of the nonce, tag and length of the place, its four small values with their tags.
    expect(bytes).toBe(2_000 * (HEADER_BYTES + 4 + 2 + 8));
  });

  it('takes a probe for the lookup that a real node would send', () => {
    const meter = new TrafficMeter();
    const envelope = { app: 'probe', key: KEY, body: { probe: 7 }, origin: NODE, counter: 1, hops: 1 };
    meter.sent({ type: 'envelope', hopId: 1, envelope } satisfies PastryMessage);
    expect(meter.total().bytes).toBeGreaterThan(HEADER_BYTES + 32);
  });
});
