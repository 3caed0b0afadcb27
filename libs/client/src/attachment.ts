import { idFromBytes, type Id } from '@banyan/ids';
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
  | { readonly type: 'leafSetChanged'; readonly gained: readonly RingNode[]; readonly lost: readonly RingNode[]; readonly merged: boolean };

/** An application attached to one node; iterate it to take what is delivered, leave the loop to detach. */
export interface Attachment extends AsyncIterable<AttachmentEvent> {
  /** The node it is attached to. */
  readonly node: RingNode;
  /** Detaches. */
  close(): void;
}

/** Attaches `application` at `connection`; resolves when the node has said that the attachment stands. */
export async function attach(connection: NodeConnection, application: string): Promise<Attachment> {
  const call = connection.overlay.attach();
  call.write({ application });
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
    case 'attached':
      return undefined;
  }
}
