import type { LookupBody } from '@banyan/overlay';
import type { PastryMessage } from '@banyan/pastry';
import { controlFrames } from '@banyan/wire';
import type { ProbeBody } from './probe.ts';

/** Added to every message: what headers of IP and TCP take. */
export const HEADER_BYTES = 40;
/** Of each type so many are encoded at first, and then one in so many. */
const ENCODED_FIRST = 500;
const ENCODED_EVERY = 37;

interface Kind {
  count: number;
  encoded: number;
  encodedBytes: number;
}

/** What was sent, by type of message. */
export interface Traffic {
  readonly messages: number;
  /** With headers. */
  readonly bytes: number;
  readonly byType: { readonly [type: string]: { readonly messages: number; readonly bytes: number } };
}

/**
 * Counts messages and how long they are on the wire. Lengths come from the encoder that nodes use; since it would take
 * most of a run, each type's mean is that of a sample.
 */
export class TrafficMeter {
  readonly #kinds = new Map<string, Kind>();
  readonly #frames = controlFrames(() => true);

  sent(message: PastryMessage): void {
    let kind = this.#kinds.get(message.type);
    if (kind === undefined) {
      kind = { count: 0, encoded: 0, encodedBytes: 0 };
      this.#kinds.set(message.type, kind);
    }
    kind.count += 1;
    if (kind.count > ENCODED_FIRST && kind.count % ENCODED_EVERY !== 0) return;
    kind.encoded += 1;
    kind.encodedBytes += this.#frames.encode({ type: 'ring', message: asShipped(message) }).length;
  }

  /** Everything so far, most frequent type first. */
  total(): Traffic {
    const byType = [...this.#kinds]
      .sort(([, a], [, b]) => b.count - a.count)
      .map(([type, { count, encoded, encodedBytes }]) => [type, { messages: count, bytes: count * (encodedBytes / encoded + HEADER_BYTES) }] as const);
    return {
      messages: byType.reduce((total, [, { messages }]) => total + messages, 0),
      bytes: byType.reduce((total, [, { bytes }]) => total + bytes, 0),
      byType: Object.fromEntries(byType),
    };
  }
}

/** A probe is no application of a real node; a lookup is the nearest to it. */
function asShipped(message: PastryMessage): PastryMessage {
  if (message.type !== 'envelope' || message.envelope.app !== 'probe') return message;
  const { probe } = message.envelope.body as ProbeBody;
  const body: LookupBody = { type: 'find', requestId: probe, replicas: 1, dryRun: false };
  return { ...message, envelope: { ...message.envelope, app: 'lookup', body } };
}
