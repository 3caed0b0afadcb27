import { OverlayError } from '@banyan/grpc';
import type { Id } from '@banyan/ids';
import type { HopRecord, NodeHandle } from '@banyan/kbr';
import type { AttachedEvent, LookupEvent } from '@banyan/overlay';
import type { Ask, LookupAnswer, TraceAnswer } from './contract.ts';
import type { HostInput } from './machine.ts';

/** What an answer brings, whatever was asked. */
interface Answer {
  readonly root: NodeHandle;
  readonly replicas: readonly NodeHandle[];
  readonly hops: number;
  readonly record: readonly HopRecord[];
}

interface OpenQuestion {
  readonly askedAt: number;
  settle(outcome: Answer | OverlayError): void;
}

/** What questions need of the host around them. */
export interface QuestionPorts {
  post(input: HostInput): boolean;
  isReady(): boolean;
  roundTripMs(peer: Id): number | undefined;
  /** Time from asking to the answer, whatever it was. */
  asked(ms: number): void;
}

const TIMEOUT_MS = 10_000;
const REPLICAS = 4;
const REPLICAS_MAX = 16;
/** Bytes of a routed payload at most. */
export const PAYLOAD_BYTES_MAX = 64 * 1024;

/** Lookups, traces and routes of this node's users: each becomes a command, and its event settles a promise. */
export class Questions {
  readonly #ports: QuestionPorts;
  readonly #open = new Map<number, OpenQuestion>();
  #nextId = 1;

  constructor(ports: QuestionPorts) {
    this.#ports = ports;
  }

  /** See `Overlay.lookup`. */
  async lookup(key: Id, ask: Ask & { readonly replicas?: number }): Promise<LookupAnswer> {
    const replicas = Math.min(Math.max(1, ask.replicas ?? REPLICAS), REPLICAS_MAX);
    const { answer, elapsedMs } = await this.#ask(ask, (requestId) => ({ type: 'command', app: 'lookup', command: { type: 'lookup', requestId, key, replicas, ...traceOf(ask) } }));
    return { key, root: answer.root, replicas: answer.replicas, hops: answer.hops, elapsedMs };
  }

  /** See `Overlay.trace`. */
  async trace(key: Id, ask: Ask): Promise<TraceAnswer> {
    return this.#explained(key, await this.#ask(ask, (requestId) => ({ type: 'command', app: 'lookup', command: { type: 'trace', requestId, key, dryRun: true, ...traceOf(ask) } })));
  }

  /** See `Overlay.route`. */
  async route(message: { readonly key: Id; readonly application: string; readonly payload: Uint8Array }, ask: Ask): Promise<TraceAnswer> {
    const { key, application, payload } = message;
    if (payload.length > PAYLOAD_BYTES_MAX) {
      throw new OverlayError('PAYLOAD_TOO_LARGE', `the payload has ${payload.length} bytes, at most ${PAYLOAD_BYTES_MAX} are routed`, { bytesMax: String(PAYLOAD_BYTES_MAX) });
    }
    return this.#explained(key, await this.#ask(ask, (requestId) => ({ type: 'command', app: 'attached', command: { type: 'route', requestId, application, key, payload, explain: true, ...traceOf(ask) } })));
  }

  /** An event of the lookup application. */
  onLookup(event: LookupEvent): void {
    if (event.type === 'found') this.#settle(event.requestId, { root: event.root, replicas: event.replicaSet, hops: event.hops, record: event.record ?? [] });
    else if (event.type === 'failed') this.#settle(event.requestId, event.reason === 'timeout' ? timeout() : busy());
  }

  /** An event of the attached applications that answers a route. */
  onRoute(event: Extract<AttachedEvent, { readonly type: 'routed' | 'routeFailed' }>): void {
    if (event.type === 'routed') return this.#settle(event.requestId, { root: event.root, replicas: [], hops: event.hops, record: event.record ?? [] });
    if (event.reason === 'stopped') return this.#settle(event.requestId, new OverlayError('ROUTE_STOPPED', 'an application on the way took the message out'));
    if (event.reason === 'no_application') return this.#settle(event.requestId, new OverlayError('NO_APPLICATION', 'no application of that name is attached at the root of the key'));
    this.#settle(event.requestId, event.reason === 'timeout' ? timeout() : busy());
  }

  /** Everything that is open fails. */
  failAll(error: OverlayError): void {
    for (const requestId of [...this.#open.keys()]) this.#settle(requestId, error);
  }

  #ask(ask: Ask, input: (requestId: number) => HostInput): Promise<{ answer: Answer; elapsedMs: number }> {
    if (!this.#ports.isReady()) return Promise.reject(new OverlayError('NOT_READY', 'this node is not in the ring yet'));
    if (ask.signal?.aborted === true) return Promise.reject(gone());
    const requestId = this.#nextId++;
    const askedAt = performance.now();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(requestId, timeout()), ask.timeoutMs ?? TIMEOUT_MS);
      const abort = (): void => this.#settle(requestId, gone());
      ask.signal?.addEventListener('abort', abort, { once: true });
      this.#open.set(requestId, {
        askedAt,
        settle(outcome) {
          clearTimeout(timer);
          ask.signal?.removeEventListener('abort', abort);
          if (outcome instanceof OverlayError) reject(outcome);
          else resolve({ answer: outcome, elapsedMs: performance.now() - askedAt });
        },
      });
      if (!this.#ports.post(input(requestId))) this.#settle(requestId, busy());
    });
  }

  #settle(requestId: number, outcome: Answer | OverlayError): void {
    const question = this.#open.get(requestId);
    if (question === undefined) return;
    this.#open.delete(requestId);
    this.#ports.asked(performance.now() - question.askedAt);
    question.settle(outcome);
  }

  #explained(key: Id, { answer, elapsedMs }: { readonly answer: Answer; readonly elapsedMs: number }): TraceAnswer {
    const direct = this.#ports.roundTripMs(answer.root.id);
    return { key, root: answer.root, hops: answer.record, elapsedMs, ...(direct === undefined ? {} : { directRoundTripMs: direct }) };
  }
}

function traceOf({ trace }: Ask): { readonly trace?: string } {
  return trace === undefined ? {} : { trace };
}

function timeout(): OverlayError {
  return new OverlayError('ROUTE_TIMEOUT', 'no answer came from the root of the key in time');
}

function busy(): OverlayError {
  return new OverlayError('BUSY', 'this node has as many questions open as it takes', {}, { retryAfterMs: 1_000 });
}

function gone(): OverlayError {
  return new OverlayError('CANCELLED', 'the caller went away');
}
