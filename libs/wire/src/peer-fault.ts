/**
 * What was wrong with bytes from a peer. The peer's doing, never ours: counted, its link closed, nothing else disturbed.
 * `FRAME_MALFORMED`: no such message. `FRAME_UNKNOWN`: a message of a newer version, passed over. `FIELD_INVALID`: a field
 * is missing, out of range, or too long. `DESCRIPTOR_INVALID`: a group descriptor that no tree builder signed.
 */
export type PeerFault = 'FRAME_MALFORMED' | 'FRAME_UNKNOWN' | 'FIELD_INVALID' | 'DESCRIPTOR_INVALID';

/** The outcome of decoding: the message, or whose fault it is and what about it. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: PeerFault; readonly detail: string };

/** Unwinds a decoder from whatever depth; never leaves this room. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
  constructor(
    readonly fault: PeerFault,
    detail: string,
  ) {
    super(detail);
  }
}

/** Runs a decoder over bytes of a stranger. Whatever it throws is the peer's fault. */
export function decoding<T>(decode: () => T): Decoded<T> {
  try {
    return { ok: true, value: decode() };
  } catch (error) {
    if (error instanceof Malformed) return { ok: false, fault: error.fault, detail: error.message };
    // protobuf's reader throws plain errors on truncated or impossible input.
    return { ok: false, fault: 'FRAME_MALFORMED', detail: error instanceof Error ? error.message : 'unreadable' };
  }
}
