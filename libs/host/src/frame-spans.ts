import type { MulticastFrame, StampedFrame } from '@banyan/multicast';
import { isSampled, type Span, type Tracer } from '@banyan/telemetry';

/**
 * One `multicast.hop` span per traced block that a node passes on: from handing its frame to the links of the children until it
 * has left over the last of them, so its length is the wait in their queues. A frame that goes out once more, because a child
 * asked for it or begins later, is a `multicast.retransmission`. Frames without a trace that is kept cost one look.
 */
export class FrameSpans {
  readonly #tracer: Tracer;
  readonly #sent = new WeakSet<StampedFrame>();

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  /** A frame goes to so many links; what to call whenever it has left over one, or undefined when nobody looks. */
  fannedOut(frame: MulticastFrame, links: number): (() => void) | undefined {
    if (!this.#tracer.isEnabled || frame.type !== 'stamped' || links === 0) return undefined;
    const traced = frame.blocks.filter(({ trace }) => isSampled(trace));
    if (traced.length === 0) return undefined;
    const name = this.#sent.has(frame) ? 'multicast.retransmission' : 'multicast.hop';
    this.#sent.add(frame);
    const attributes = { 'banyan.group': frame.group, 'banyan.sequence': frame.firstSequence, 'banyan.children': links };
    const spans = traced.map(({ trace }) => this.#tracer.start(name, { parent: trace, kind: 'producer', attributes }));
    return endAfter(spans, links);
  }
}

// A link that goes down never says that the frame has left: its span is never told, as everything unfinished.
function endAfter(spans: readonly Span[], links: number): () => void {
  let left = links;
  return () => {
    left -= 1;
    if (left === 0) for (const span of spans) span.end();
  };
}
