import { OverlayError } from '@banyan/grpc';
import type { Id } from '@banyan/ids';
import type { MulticastCommand, MulticastEvent } from '@banyan/multicast';
import type { AnycastAnswer, Ask } from './contract.ts';
import { PAYLOAD_BYTES_MAX } from './questions.ts';

type Ended = Extract<MulticastEvent, { readonly type: 'anycastEnded' }>;
type Refused = Extract<Ended['outcome'], { readonly type: 'refused' }>;

const NO_BYTES = new Uint8Array(0);

/** Searches for a member that takes something, as this node's users ask them; the machine ends each in its time. */
export class Anycasts {
  readonly #command: (command: MulticastCommand) => void;
  readonly #open = new Map<number, (outcome: AnycastAnswer | OverlayError) => void>();
  #nextQuery = 1;

  constructor(command: (command: MulticastCommand) => void) {
    this.#command = command;
  }

  ask({ group, payload, visitsMax }: { readonly group: Id; readonly payload: Uint8Array; readonly visitsMax?: number }, { signal, timeoutMs }: Ask): Promise<AnycastAnswer> {
    assertFits(payload, 'the payload');
    const query = this.#nextQuery++;
    return new Promise((resolve, reject) => {
      const abort = (): void => this.#settle(query, new OverlayError('CANCELLED', 'the caller went away'));
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => this.#settle(query, new OverlayError('ROUTE_TIMEOUT', 'no member answered in time')), timeoutMs);
      signal?.addEventListener('abort', abort, { once: true });
      this.#open.set(query, (outcome) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        if (outcome instanceof OverlayError) reject(outcome);
        else resolve(outcome);
      });
      if (signal?.aborted === true) abort();
      else this.#command({ type: 'anycast', query, group, payload, bytes: payload.length, ...(visitsMax === undefined ? {} : { visitsMax }) });
    });
  }

  /** A member's answer to what it was offered; undefined passes. */
  answer(offer: number, reply: Uint8Array | undefined): void {
    if (reply !== undefined) assertFits(reply, 'the reply');
    this.#command({ type: 'answerAnycast', offer, accepted: reply !== undefined, reply: reply ?? NO_BYTES, bytes: reply?.length ?? 0 });
  }

  on({ query, outcome }: Ended): void {
    this.#settle(query, outcome.type === 'refused' ? refusal(outcome) : { by: outcome.by, reply: outcome.reply as Uint8Array, visits: outcome.visits });
  }

  failAll(error: OverlayError): void {
    for (const query of [...this.#open.keys()]) this.#settle(query, error);
  }

  #settle(query: number, outcome: AnycastAnswer | OverlayError): void {
    const settle = this.#open.get(query);
    this.#open.delete(query);
    settle?.(outcome);
  }
}

function assertFits({ length }: Uint8Array, what: string): void {
  if (length > PAYLOAD_BYTES_MAX) throw new OverlayError('PAYLOAD_TOO_LARGE', `${what} has ${length} bytes, at most ${PAYLOAD_BYTES_MAX} are taken`, { bytesMax: String(PAYLOAD_BYTES_MAX) });
}

function refusal({ reason, visits }: Refused): OverlayError {
  const metadata = { visits: String(visits) };
  switch (reason) {
    case 'NOBODY':
      return new OverlayError('NOBODY_ACCEPTED', `no member took it; all nodes of the tree were asked, ${visits} of them`, metadata);
    case 'VISITS':
      return new OverlayError('NOBODY_ACCEPTED', `no member on the nearest ${visits} nodes took it, and no more may be asked`, metadata);
    case 'UNKNOWN_GROUP':
      return new OverlayError('NOBODY_ACCEPTED', 'the group has no tree: nobody subscribes to it', metadata);
    case 'TIMEOUT':
      return new OverlayError('ROUTE_TIMEOUT', 'the search was lost on its way several times');
    case 'BUSY':
      return new OverlayError('BUSY', 'as many searches are under way as this node takes');
  }
}
