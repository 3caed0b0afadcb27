import { groupKey } from '@banyan/identity';
import type { StampedFrame } from '@banyan/multicast';
import type { Span, SpanStart, Tracer } from '@banyan/telemetry';
import { describe, expect, it } from 'vitest';
import { FrameSpans } from './frame-spans.ts';

const kept = `00-${'1'.repeat(32)}-${'a'.repeat(16)}-01`;
const left = `00-${'2'.repeat(32)}-${'a'.repeat(16)}-00`;

function noted(isEnabled = true) {
  const spans: { readonly name: string; readonly start: SpanStart; hasEnded: boolean }[] = [];
  const tracer: Tracer = {
    isEnabled,
    keep: () => undefined,
    close: () => Promise.resolve(),
    start(name, start = {}): Span {
      const span = { name, start, hasEnded: false };
      spans.push(span);
      return { traceparent: kept, set: () => undefined, event: () => undefined, end: () => void (span.hasEnded = true) };
    },
  };
  return { spans, frames: new FrameSpans(tracer) };
}

function frame(...traces: readonly (string | undefined)[]): StampedFrame {
  const blocks = traces.map((trace, counter) => ({ client: 'c', session: 's', counter, count: 1, payload: undefined, bytes: 1, ...(trace === undefined ? {} : { trace }) }));
  return { type: 'stamped', group: groupKey('a/b'), epoch: { counter: 1, root: groupKey('a/b'), incarnation: 1 }, firstSequence: 7, count: traces.length, committed: 0, stampMs: 0, blocks, bytes: traces.length };
}

describe('the spans of a frame', () => {
  it('are one for each block whose trace is kept, until it has left over every link', () => {
    const { spans, frames } = noted();
    const hasLeft = frames.fannedOut(frame(kept, undefined, left), 2);
    expect(spans.map(({ name, start }) => [name, start.parent, start.attributes?.['banyan.children'], start.attributes?.['banyan.sequence']])).toEqual([['multicast.hop', kept, 2, 7]]);
    hasLeft?.();
    expect(spans[0]?.hasEnded).toBe(false);
    hasLeft?.();
    expect(spans[0]?.hasEnded).toBe(true);
  });

  it('say that a frame goes out once more', () => {
    const { spans, frames } = noted();
    const again = frame(kept);
    for (let time = 0; time < 2; time++) frames.fannedOut(again, 1);
    expect(spans.map(({ name }) => name)).toEqual(['multicast.hop', 'multicast.retransmission']);
  });

  it('are none where nothing is kept, nobody looks, or nobody gets it', () => {
    const { spans, frames } = noted();
    expect([frames.fannedOut(frame(left, undefined), 1), frames.fannedOut(frame(kept), 0), noted(false).frames.fannedOut(frame(kept), 1)]).toEqual([undefined, undefined, undefined]);
    expect(spans).toEqual([]);
  });
});
