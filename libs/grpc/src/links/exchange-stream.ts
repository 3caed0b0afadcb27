import { Client, Metadata, type ChannelCredentials, type ServerDuplexStream, type ServiceError } from '@grpc/grpc-js';
import { peer as wire } from '@banyan/proto';
import { CHANNEL_OPTIONS, hostOf, serverName } from '../channel.ts';
import { OverlayError } from '../overlay-error.ts';
import { parseStatus, toServiceError } from '../status.ts';

/** Bytes of one control message at most. A routed payload of 64 KiB and a join's rows fit several times. */
export const CONTROL_FRAME_BYTES_MAX = 256 * 1024;

/** One Exchange call, whichever side dialled it. Messages are wire bytes. */
export interface ExchangeStream {
  /** False: the stream has enough for now; `drained` comes when it wants more. */
  write(message: Buffer): boolean;
  /** Without an error the other side sees a clean end; a dialled stream cannot tell an error and is cancelled. */
  end(error?: OverlayError): void;
  /** Resolves when the other side has seen the end, or is gone. Of accepted streams the server keeps account itself. */
  readonly settled: Promise<void>;
}

/** What happens on a stream. Nothing comes after `ended`, which comes once: LINK_CLOSED for a clean end. */
export interface ExchangeListener {
  message(bytes: Buffer): void;
  drained(): void;
  ended(error: OverlayError): void;
}

/** How Exchange is served: bytes in, bytes out, since both rooms above decode for themselves. */
export const exchangeService = { exchange: { ...wire.PeerLinkServiceService.exchange, requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs, responseDeserialize: asIs } };

/** Options of both ends. The bound here is coarse; the fine one is in `checkedMessage`, which can name its reason. */
export const EXCHANGE_OPTIONS = {
  'grpc.max_receive_message_length': 4 * CONTROL_FRAME_BYTES_MAX,
  'grpc.max_send_message_length': 4 * CONTROL_FRAME_BYTES_MAX,
};

/** Dials a peer's control listener over a connection of its own. */
export function dialExchange(address: string, credentials: ChannelCredentials, listener: ExchangeListener): ExchangeStream {
  const client = new Client(address, credentials, {
    ...CHANNEL_OPTIONS,
    ...EXCHANGE_OPTIONS,
    ...serverName(hostOf(address)),
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
  });
  const call = client.makeBidiStreamRequest(exchangeService.exchange.path, asIs, asIs, new Metadata());
  const events = endOnce(listener, () => client.close());
  call.on('data', (bytes: Buffer) => events.message(bytes));
  call.on('drain', () => events.drained());
  call.on('error', (error: ServiceError) => events.ended(parseStatus(error)));
  call.on('end', () => events.ended(cleanEnd()));
  const settled = new Promise<void>((resolve) => void call.on('status', () => resolve()));
  return {
    settled,
    write: (message) => call.write(message),
    end(error) {
      if (error === undefined) call.end();
      else call.cancel();
      events.ended(error ?? cleanEnd());
    },
  };
}

/** The accepting side of a call. */
export function acceptExchange(call: ServerDuplexStream<Buffer, Buffer>, listener: ExchangeListener): ExchangeStream {
  const events = endOnce(listener, () => undefined);
  call.on('data', (bytes: Buffer) => events.message(bytes));
  call.on('drain', () => events.drained());
  call.on('error', (error: Error) => events.ended(parseStatus(error)));
  call.on('cancelled', () => events.ended(new OverlayError('UNREACHABLE', 'the connection is gone')));
  call.on('end', () => {
    call.end();
    events.ended(cleanEnd());
  });
  return {
    settled: Promise.resolve(),
    write: (message) => call.write(message),
    end(error) {
      events.ended(error ?? cleanEnd());
      if (call.cancelled) return;
      if (error === undefined) call.end();
      else call.emit('error', toServiceError(error));
    },
  };
}

/** What is wrong with a message before anybody reads it; undefined when nothing is. */
export function sizeFault(message: Buffer): OverlayError | undefined {
  if (message.length <= CONTROL_FRAME_BYTES_MAX) return undefined;
  return new OverlayError('FRAME_TOO_LARGE', `a control frame has ${message.length} bytes, over ${CONTROL_FRAME_BYTES_MAX}`, { bytesMax: String(CONTROL_FRAME_BYTES_MAX) });
}

function endOnce(listener: ExchangeListener, close: () => void): ExchangeListener {
  let hasEnded = false;
  return {
    message: (bytes) => void (hasEnded || listener.message(bytes)),
    drained: () => void (hasEnded || listener.drained()),
    ended(error) {
      if (hasEnded) return;
      hasEnded = true;
      listener.ended(error);
      close();
    },
  };
}

function cleanEnd(): OverlayError {
  return new OverlayError('LINK_CLOSED', 'the link was closed');
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}
