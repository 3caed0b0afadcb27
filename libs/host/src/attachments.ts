import { OverlayError } from '@banyan/grpc';
import type { AttachedCommand, AttachedEvent, ForwardDecision } from '@banyan/overlay';
import type { Attachment, AttachmentEvent } from './contract.ts';
import type { HostInput } from './machine.ts';
import { Mailbox } from './mailbox.ts';
import { PAYLOAD_BYTES_MAX } from './questions.ts';

/** Deliveries that may wait for an application that does not read. */
const WAITING_MAX = 1_024;
/** Key prefixes one application may ask for. */
const PREFIXES_MAX = 16;
const NAME = /^[a-z0-9-]{1,64}$/;
const PREFIX = /^[0-9a-f]{0,32}$/;

/** The applications attached to this node, by name: each has one mailbox. */
export class Attachments {
  readonly #post: (input: HostInput) => void;
  readonly #mailboxes = new Map<string, Mailbox<AttachmentEvent>>();

  constructor(post: (input: HostInput) => void) {
    this.#post = post;
  }

  /** See `Overlay.attach`. */
  attach(application: string, forwardPrefixes: readonly string[]): Attachment {
    if (!NAME.test(application)) throw new OverlayError('NAME_INVALID', `'${application.slice(0, 80)}' is not 1 to 64 of a-z, 0-9 and the hyphen`);
    const prefixes = checkedPrefixes(forwardPrefixes);
    if (this.#mailboxes.has(application)) throw taken(application);
    const mailbox = new Mailbox<AttachmentEvent>({
      max: WAITING_MAX,
      overflow: () => new OverlayError('APPLICATION_SLOW', `more than ${WAITING_MAX} events wait for ${application}`),
      closed: () => this.#detach(application, mailbox),
    });
    this.#mailboxes.set(application, mailbox);
    this.#command({ type: 'attach', name: application });
    if (prefixes.length > 0) this.#command({ type: 'askForwards', name: application, prefixes });
    return {
      answer: (forwardId, decision) => this.#command({ type: 'answerForward', name: application, forwardId, decision: checkedDecision(decision) }),
      askNoForwards: () => this.#command({ type: 'askForwards', name: application, prefixes: [] }),
      close: () => mailbox.close(),
      [Symbol.asyncIterator]: () => mailbox[Symbol.asyncIterator](),
    };
  }

  /** An event of the attached applications that concerns one of them. */
  on(event: Exclude<AttachedEvent, { readonly type: 'routed' | 'routeFailed' }>): void {
    switch (event.type) {
      case 'deliver': {
        const { application, key, payload, origin, hops, trace } = event;
        return this.#mailboxes.get(application)?.push({ type: 'deliver', key, payload, origin, hops, ...(trace === undefined ? {} : { trace }) });
      }
      case 'leafSetChanged': {
        const { application, gained, lost, merged } = event;
        return this.#mailboxes.get(application)?.push({ type: 'leafSetChanged', gained, lost, merged });
      }
      case 'forward': {
        const { application, ...offered } = event;
        return this.#mailboxes.get(application)?.push(offered);
      }
      case 'answerRefused': {
        const reason = event.reason === 'unknown_forward' ? 'FORWARD_GONE' : 'HOP_REFUSED';
        return this.#mailboxes.get(event.application)?.push({ type: 'forwardRefused', forwardId: event.forwardId, reason });
      }
      case 'refused':
        return this.#mailboxes.get(event.name)?.fail(event.reason === 'already_attached' ? taken(event.name) : new OverlayError('BUSY', 'as many applications are attached as this node takes'));
      case 'attached':
      case 'forwarded':
        return undefined;
    }
  }

  /** Every application is told that the node stops. */
  failAll(error: OverlayError): void {
    for (const mailbox of [...this.#mailboxes.values()]) mailbox.fail(error);
  }

  #command(command: AttachedCommand): void {
    this.#post({ type: 'command', app: 'attached', command });
  }

  #detach(application: string, mailbox: Mailbox<AttachmentEvent>): void {
    if (this.#mailboxes.get(application) !== mailbox) return;
    this.#mailboxes.delete(application);
    this.#command({ type: 'detach', name: application });
  }
}

function checkedPrefixes(prefixes: readonly string[]): readonly string[] {
  const lower = prefixes.map((prefix) => prefix.toLowerCase());
  const wrong = lower.find((prefix) => !PREFIX.test(prefix));
  if (wrong !== undefined) throw new OverlayError('PREFIX_INVALID', `'${wrong.slice(0, 80)}' is not 0 to 32 hex digits`);
  if (lower.length > PREFIXES_MAX) throw new OverlayError('PREFIX_INVALID', `${lower.length} prefixes, at most ${PREFIXES_MAX} are taken`);
  return lower;
}

function checkedDecision(decision: ForwardDecision): ForwardDecision {
  const bytes = decision.type === 'pass' ? (decision.payload?.length ?? 0) : 0;
  if (bytes <= PAYLOAD_BYTES_MAX) return decision;
  throw new OverlayError('PAYLOAD_TOO_LARGE', `the payload has ${bytes} bytes, at most ${PAYLOAD_BYTES_MAX} are routed`, { bytesMax: String(PAYLOAD_BYTES_MAX) });
}

function taken(application: string): OverlayError {
  return new OverlayError('APPLICATION_TAKEN', `${application} is attached to this node already`, { application });
}
