import type { HopAttempt, HopId, NodeHandle } from '@banyan/kbr';
import type { Span, Tracer } from '@banyan/telemetry';

/** An attempt at a hop that has no outcome yet. */
interface OpenHop {
  readonly hop: HopAttempt;
  readonly span: Span;
}

// Hop delivery bounds what is unacknowledged; beyond this the oldest span is ended unknown.
const OPEN_MAX = 65_536;

/**
 * One `overlay.hop` span per attempt at a hop, made by its sender: from taking the envelope to the acknowledgement.
 * The span's context goes into the frame, so the next hop's span is its child: a route of n hops is a chain of n spans.
 * A retransmission to the same peer is an event of its span, a reroute is a span beside it with `banyan.hop.attempt`.
 */
export class HopSpans {
  readonly #tracer: Tracer;
  readonly #open = new Map<HopId, OpenHop>();

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  /** An attempt is sent, or sent again; the trace to be written into its frame. */
  sent(hop: HopAttempt, to: NodeHandle): string | undefined {
    const open = this.#open.get(hop.hopId);
    if (open !== undefined) {
      open.span.event('retransmission');
      return open.span.traceparent ?? hop.trace;
    }
    const span = this.#tracer.start('overlay.hop', {
      parent: hop.trace,
      kind: 'producer',
      attributes: {
        'banyan.key': hop.key,
        'banyan.app': hop.app,
        'banyan.hop.index': hop.index,
        'banyan.hop.attempt': hop.attempt,
        'banyan.hop.rule': hop.rule.replaceAll('-', '_'),
        'banyan.hop.row': hop.row,
        'banyan.hop.column': hop.column,
        'banyan.hop.wait_ms': hop.waitMs,
        'banyan.next_hop': to.id,
      },
    });
    if (this.#open.size >= OPEN_MAX) this.#endOldest();
    this.#open.set(hop.hopId, { hop, span });
    return span.traceparent ?? hop.trace;
  }

  /** An attempt has its outcome; what the attempt was, if it is known. */
  done(hopId: HopId, outcome: 'acknowledged' | 'timeout', roundTripMs: number): HopAttempt | undefined {
    const open = this.#open.get(hopId);
    if (open === undefined) return undefined;
    this.#open.delete(hopId);
    // A root takes a message into its care by delivering it.
    if (outcome === 'acknowledged' && open.hop.last === true) open.span.event('delivered');
    if (outcome === 'acknowledged') open.span.end({ attributes: { 'banyan.rtt_ms': roundTripMs } });
    else open.span.end({ error: 'not acknowledged in time', attributes: { 'banyan.hop.outcome': 'timeout' } });
    return open.hop;
  }

  #endOldest(): void {
    for (const [hopId, { span }] of this.#open) {
      span.end({ error: 'no outcome' });
      this.#open.delete(hopId);
      return;
    }
  }
}
