import { OverlayError } from '@banyan/grpc';
import type { AttachedEvent } from '@banyan/overlay';
import type { AttachmentEvent, Ongoing } from './contract.ts';
import type { HostInput } from './machine.ts';
import { Mailbox } from './mailbox.ts';

/** Deliveries that may wait for an application that does not read. */
const WAITING_MAX = 1_024;
const NAME = /^[a-z0-9-]{1,64}$/;

/** The applications attached to this node, by name: each has one mailbox. */
export class Attachments {
  readonly #post: (input: HostInput) => void;
  readonly #mailboxes = new Map<string, Mailbox<AttachmentEvent>>();

  constructor(post: (input: HostInput) => void) {
    this.#post = post;
  }

  /** See `Overlay.attach`. */
  attach(application: string): Ongoing<AttachmentEvent> {
    if (!NAME.test(application)) throw new OverlayError('NAME_INVALID', `'${application.slice(0, 80)}' is not 1 to 64 of a-z, 0-9 and the hyphen`);
    if (this.#mailboxes.has(application)) throw taken(application);
    const mailbox = new Mailbox<AttachmentEvent>({
      max: WAITING_MAX,
      overflow: () => new OverlayError('APPLICATION_SLOW', `more than ${WAITING_MAX} deliveries wait for ${application}`),
      closed: () => this.#detach(application, mailbox),
    });
    this.#mailboxes.set(application, mailbox);
    this.#post({ type: 'command', app: 'attached', command: { type: 'attach', name: application } });
    return mailbox;
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
      case 'refused':
        return this.#mailboxes.get(event.name)?.fail(event.reason === 'already_attached' ? taken(event.name) : new OverlayError('BUSY', 'as many applications are attached as this node takes'));
      case 'attached':
        return undefined;
    }
  }

  /** Every application is told that the node stops. */
  failAll(error: OverlayError): void {
    for (const mailbox of [...this.#mailboxes.values()]) mailbox.fail(error);
  }

  #detach(application: string, mailbox: Mailbox<AttachmentEvent>): void {
    if (this.#mailboxes.get(application) !== mailbox) return;
    this.#mailboxes.delete(application);
    this.#post({ type: 'command', app: 'attached', command: { type: 'detach', name: application } });
  }
}

function taken(application: string): OverlayError {
  return new OverlayError('APPLICATION_TAKEN', `${application} is attached to this node already`, { application });
}
