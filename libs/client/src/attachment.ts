import { idFromBytes, idToBytes, type Id } from '@banyan/ids';
import type { overlay } from '@banyan/proto';
import { messagesOf } from './ask.ts';
import type { NodeConnection } from './node-pool.ts';
import { present } from './present.ts';
import { ringNode, type RingNode } from './ring-node.ts';

/** What an attached application is told. */
export type AttachmentEvent =
  /** A payload was routed to a key whose root is this node. */
  | { readonly type: 'deliver'; readonly key: Id; readonly payload: Uint8Array; readonly origin: RingNode; readonly hops: number }
  /** Neighbors came or went; `merged` when two rings became one. */
  | { readonly type: 'leafSetChanged'; readonly gained: readonly RingNode[]; readonly lost: readonly RingNode[]; readonly merged: boolean }
  /** A message on its way waits for `answer`, 100 ms at most; it would go to `nextHop`, and may go to one of `otherHops`. */
  | {
      readonly type: 'forward';
      readonly forwardId: bigint;
      readonly key: Id;
      readonly payload: Uint8Array;
      readonly origin: RingNode;
      readonly hops: number;
      readonly nextHop: RingNode;
      readonly otherHops: readonly RingNode[];
    }
  /** An answer was not followed, FORWARD_GONE or HOP_REFUSED: the message went on as it was. */
  | { readonly type: 'forwardRefused'; readonly forwardId: bigint; readonly reason: string };

/** What becomes of a message that was offered: it ends here, or goes on, perhaps changed, perhaps by another hop. */
export type ForwardAnswer = { readonly stop: true } | { readonly stop?: false; readonly payload?: Uint8Array; readonly nextHop?: Id };

/** What an application asks for beyond what is delivered. */
export interface AttachOptions {
  /** Messages of its name that pass through to keys which begin with one of these hex digits are offered to it; `''`: all. */
  readonly forwardPrefixes?: readonly string[];
}

/** An application attached to one node; iterate it to take what is delivered, leave the loop to detach. */
export interface Attachment extends AsyncIterable<AttachmentEvent> {
  /** The node it is attached to. */
  readonly node: RingNode;
  /** Says what becomes of an offered message; a wrong answer ends the attachment with its reason. */
  answer(forwardId: bigint, answer: ForwardAnswer): void;
  /** Detaches. */
  close(): void;
}

/** Attaches `application` at `connection`; resolves when the node has said that the attachment stands. */
export async function attach(connection: NodeConnection, application: string, { forwardPrefixes = [] }: AttachOptions = {}): Promise<Attachment> {
  const call = connection.overlay.attach();
  call.write({ application, forwardPrefixes: [...forwardPrefixes], answer: undefined });
  const responses = messagesOf(connection.address, call);
  const first = await responses.next();
  const attached = first.done === true ? undefined : first.value.event;
  const node = ringNode(present(attached?.$case === 'attached' ? attached.value.node : undefined, 'attached'));
  const closing = new AbortController();
  const close = (): void => {
    closing.abort();
    call.cancel();
  };
  connection.closed.addEventListener('abort', close, { signal: closing.signal });
  return {
    node,
    answer: (forwardId, answer) => void call.write({ application: '', forwardPrefixes: [], answer: wireAnswer(forwardId, answer) }),
    close,
    async *[Symbol.asyncIterator]() {
      try {
        for await (const { event } of responses) {
          const told = event === undefined ? undefined : attachmentEvent(event);
          if (told !== undefined) yield told;
        }
      } catch (error) {
        if (!closing.signal.aborted) throw error;
      }
    },
  };
}

function attachmentEvent(event: NonNullable<overlay.AttachResponse['event']>): AttachmentEvent | undefined {
  switch (event.$case) {
    case 'deliver': {
      const { key, payload, origin, hops } = event.value;
      return { type: 'deliver', key: idFromBytes(key), payload, origin: ringNode(present(origin, 'origin')), hops };
    }
    case 'leafSetChanged':
      return { type: 'leafSetChanged', gained: event.value.gained.map(ringNode), lost: event.value.lost.map(ringNode), merged: event.value.merged };
    case 'forward': {
      const { forwardId, key, payload, origin, hops, nextHop, otherHops } = event.value;
      return {
        type: 'forward',
        forwardId,
        key: idFromBytes(key),
        payload,
        origin: ringNode(present(origin, 'origin')),
        hops,
        nextHop: ringNode(present(nextHop, 'next_hop')),
        otherHops: otherHops.map(ringNode),
      };
    }
    case 'forwardRefused':
      return { type: 'forwardRefused', forwardId: event.value.forwardId, reason: event.value.reason };
    case 'attached':
      return undefined;
  }
}

function wireAnswer(forwardId: bigint, answer: ForwardAnswer): overlay.ForwardAnswer {
  if (answer.stop === true) return { forwardId, stop: true, payload: undefined, nextHop: new Uint8Array() };
  const { payload, nextHop } = answer;
  return { forwardId, stop: false, payload, nextHop: nextHop === undefined ? new Uint8Array() : idToBytes(nextHop) };
}
