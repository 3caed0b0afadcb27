import type { Application, Downcall, Envelope, Upcall } from '@banyan/kbr';
import { assertNever, type Json } from '@banyan/sansio';
import type { AttachedBody, AttachedCommand, AttachedEvent } from './messages.ts';

/** Applications attached at once; at the bound an `attach` is refused. */
export const ATTACHED_MAX = 64;

type AttachedInput = Upcall<AttachedBody> | { readonly type: 'command'; readonly command: AttachedCommand };
type AttachedEffect = Downcall<AttachedBody> | { readonly type: 'event'; readonly event: AttachedEvent };

/**
 * Applications that live outside this process: they attach under a name, route payloads to keys, and are told what is
 * delivered here and how the leaf set changes. A payload for a name that is not attached at the root is dropped and counted.
 */
export class Attached implements Application<AttachedBody, AttachedCommand, AttachedEvent> {
  readonly intercepts = false;
  readonly #names = new Set<string>();

  deadline(): undefined {
    return undefined;
  }

  handle(_now: number, input: AttachedInput): readonly AttachedEffect[] {
    switch (input.type) {
      case 'command':
        return this.#obey(input.command);
      case 'deliver':
        return this.#deliver(input.envelope);
      case 'leafSetChanged':
        return [...this.#names].map((application) => event({ type: 'leafSetChanged', application, gained: input.gained, lost: input.lost }));
      case 'forward':
        return [{ type: 'resume', envelope: input.envelope, nextHop: input.nextHop }];
      case 'direct':
      case 'readyChanged':
      case 'peerDead':
      case 'linkUp':
      case 'linkDown':
      case 'frame':
      case 'tick':
        return [];
      default:
        return assertNever(input);
    }
  }

  state(): Json {
    return { names: [...this.#names].sort() };
  }

  #obey(command: AttachedCommand): readonly AttachedEffect[] {
    switch (command.type) {
      case 'attach':
        return [event(this.#attach(command.name))];
      case 'detach':
        this.#names.delete(command.name);
        return [];
      case 'route': {
        const { application, key, payload, trace } = command;
        return [{ type: 'route', key, body: { application, payload }, ...(trace === undefined ? {} : { trace }) }];
      }
      default:
        return assertNever(command);
    }
  }

  #attach(name: string): AttachedEvent {
    if (this.#names.has(name)) return { type: 'refused', name, reason: 'already_attached' };
    if (this.#names.size >= ATTACHED_MAX) return { type: 'refused', name, reason: 'too_many_applications' };
    this.#names.add(name);
    return { type: 'attached', name };
  }

  #deliver({ body, hops, key, origin, trace }: Envelope<AttachedBody>): readonly AttachedEffect[] {
    const { application, payload } = body;
    if (!this.#names.has(application)) return [{ type: 'drop', reason: 'no_application', count: 1 }];
    return [event({ type: 'deliver', application, key, payload, origin, hops, ...(trace === undefined ? {} : { trace }) })];
  }
}

function event(told: AttachedEvent): AttachedEffect {
  return { type: 'event', event: told };
}
