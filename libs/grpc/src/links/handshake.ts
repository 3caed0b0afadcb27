import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { idFromBytes, type Id } from '@banyan/ids';
import type { PeerIdentity } from '@banyan/identity';
import { peer as wire, type overlay } from '@banyan/proto';
import { OverlayError } from '../overlay-error.ts';

/** The newest version of the peer protocol that this code speaks. */
export const PROTOCOL_VERSION = 1;
/** The oldest one it speaks: nodes of adjacent releases must meet. */
export const OLDEST_PROTOCOL_VERSION = 1;

/** Which versions of the peer protocol somebody speaks. */
export interface SpokenVersions {
  readonly newest: number;
  readonly oldest: number;
}

/** What this code speaks; another is given only where a node of another release is played. */
export const SPOKEN: SpokenVersions = { newest: PROTOCOL_VERSION, oldest: OLDEST_PROTOCOL_VERSION };

const ID_BYTES = 16;
// Field `frame` of ExchangeRequest and ExchangeResponse.
const FRAME_FIELD = 2;
const LENGTH_DELIMITED = 2;
const FRAME_TAG = (FRAME_FIELD << 3) | LENGTH_DELIMITED;

/** Whom a node wants to reach, as its handle has it. */
export interface LinkTarget {
  readonly id: Id;
  /** Which life of it; a link to an older one is given up. */
  readonly incarnation: number;
  /** `host:port` of the listener that serves this kind of link. */
  readonly address: string;
}

/** Who is at the other end of a link: its id by certificate, the rest by its own word. */
export interface LinkPeer {
  readonly id: Id;
  readonly incarnation: number;
  readonly node: overlay.Node;
  /** Version in which the link runs. */
  readonly version: number;
}

/** The first thing each side says. */
export function handshakeOf(self: overlay.Node, { newest, oldest }: SpokenVersions): wire.Handshake {
  return { version: newest, oldestVersion: oldest, node: self };
}

/**
 * The peer that a handshake introduces. Throws VERSION_UNSUPPORTED when no version is common, HANDSHAKE_INVALID when it
 * names another node than the certificate, CERTIFICATE_INVALID when the certificate is not a ring member's.
 */
export function acceptHandshake(handshake: wire.Handshake | undefined, identity: Pick<PeerIdentity, 'id' | 'role'>, { newest, oldest }: SpokenVersions): LinkPeer {
  if (handshake === undefined) throw new OverlayError('HANDSHAKE_INVALID', 'the first message is not a handshake');
  const version = Math.min(handshake.version, newest);
  if (version < Math.max(handshake.oldestVersion, oldest)) {
    throw new OverlayError('VERSION_UNSUPPORTED', `the peer speaks versions ${handshake.oldestVersion} to ${handshake.version}, this node ${oldest} to ${newest}`);
  }
  if (identity.role !== 'node') throw new OverlayError('CERTIFICATE_INVALID', `a ring member is needed, the certificate is for role ${identity.role}`);
  const { node } = handshake;
  if (node === undefined || node.id.length !== ID_BYTES || idFromBytes(node.id) !== identity.id) {
    throw new OverlayError('HANDSHAKE_INVALID', `the handshake names another node than the certificate, which is ${identity.id}'s`);
  }
  return { id: identity.id, incarnation: Number(node.incarnation), node, version };
}

/** Who a peer says he is; for links without TLS (`unprotected`), where nothing proves it. */
export function claimedIdentity(handshake: wire.Handshake | undefined): Pick<PeerIdentity, 'id' | 'role'> {
  const id = handshake?.node?.id;
  if (id?.length !== ID_BYTES) throw new OverlayError('HANDSHAKE_INVALID', 'the first message names no node');
  return { id: idFromBytes(id), role: 'node' };
}

/** Control link, first message of either side (both directions have the same encoding). */
export function encodeExchangeHandshake(self: overlay.Node, spoken: SpokenVersions): Buffer {
  return asBuffer(wire.ExchangeRequest.encode({ content: { $case: 'handshake', value: handshakeOf(self, spoken) } }).finish());
}

/** The handshake in the first message of a control link; undefined when it is none. */
export function decodeExchangeHandshake(message: Uint8Array): wire.Handshake | undefined {
  const content = decoded(() => wire.ExchangeRequest.decode(message))?.content;
  return content?.$case === 'handshake' ? content.value : undefined;
}

/** Control link, every later message: an encoded ControlFrame in its place, without decoding it. */
export function wrapFrame(frame: Uint8Array): Buffer {
  return asBuffer(new BinaryWriter().uint32(FRAME_TAG).bytes(frame).finish());
}

/** The encoded ControlFrame in a message of a control link, a view; undefined when there is none. */
export function unwrapFrame(message: Uint8Array): Uint8Array | undefined {
  return decoded(() => {
    const reader = new BinaryReader(message);
    let frame: Uint8Array | undefined;
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      if (field === FRAME_FIELD && wireType === LENGTH_DELIMITED) frame = reader.bytes();
      else reader.skip(wireType, field);
    }
    return frame;
  });
}

/** Data link, what the child asks. */
export function encodeDataRequest(self: overlay.Node, application: string, spoken: SpokenVersions): Buffer {
  return asBuffer(wire.DataRequest.encode({ handshake: handshakeOf(self, spoken), application }).finish());
}

/** What a child asks; undefined when it is malformed. */
export function decodeDataRequest(message: Uint8Array): wire.DataRequest | undefined {
  return decoded(() => wire.DataRequest.decode(message));
}

/** Data link, the parent's first message. */
export function encodeDataHandshake(self: overlay.Node, spoken: SpokenVersions): Buffer {
  return asBuffer(wire.DataResponse.encode({ content: { $case: 'handshake', value: handshakeOf(self, spoken) } }).finish());
}

/** The handshake in the first message of a data link; undefined when it is none. */
export function decodeDataHandshake(message: Uint8Array): wire.Handshake | undefined {
  const content = decoded(() => wire.DataResponse.decode(message))?.content;
  return content?.$case === 'handshake' ? content.value : undefined;
}

function decoded<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined; // a stranger's bytes: that they are malformed is the answer
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
