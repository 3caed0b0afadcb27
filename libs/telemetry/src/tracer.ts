/** A value a span or an event may carry. */
export type AttributeValue = string | number | boolean;

/** What a span or an event carries, by stable name (`banyan.hop.rule`, `rpc.method`). */
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

/** Which side of a call a span stands for. */
export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

/** What a span begins with. */
export interface SpanStart {
  /** W3C traceparent of the span above; absent or unreadable: the span begins a trace. */
  readonly parent?: string | undefined;
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /** Traceparents of spans this one has to do with without being below them (fan-out). */
  readonly links?: readonly string[];
}

/** One piece of work while it goes on. */
export interface Span {
  /** The span's own W3C traceparent, for what is below it; undefined when nothing is traced here. */
  readonly traceparent: string | undefined;
  set(attributes: Attributes): void;
  /** Something that happened at one moment, such as a retransmission. */
  event(name: string, attributes?: Attributes): void;
  /** Ends the span; with `error` it failed, and the text says how. Later calls do nothing. */
  end(outcome?: { readonly error?: string; readonly attributes?: Attributes }): void;
}

/** Where spans are made. The shells have one; the pure core never sees it. */
export interface Tracer {
  /** False: every span is the same empty one, and callers may skip what only feeds it. */
  readonly isEnabled: boolean;
  start(name: string, start?: SpanStart): Span;
  /** From now on this share of the traces that begin here is kept, 0 to 1; undefined: as the environment says. */
  keep(share: number | undefined): void;
  /** Sends what has ended, and stops. Resolves even when the receiver is away. */
  close(): Promise<void>;
}

const emptySpan: Span = { traceparent: undefined, set() {}, event() {}, end() {} };

/** Traces nothing and costs a call: what runs when no receiver of spans is configured. */
export const NO_TRACER: Tracer = { isEnabled: false, start: () => emptySpan, keep: () => undefined, close: () => Promise.resolve() };

/** What a tracer says about the process it runs in. */
export interface TracerOptions {
  /** `service.name`: pastry-node, auth … */
  readonly service: string;
  /** `service.instance.id`: the configured name of the process. */
  readonly instance: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The share of traces to begin with; see `Tracer.keep`. */
  readonly share?: number | undefined;
}
