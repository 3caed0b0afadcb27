import type { Server, ServerCredentials } from '@grpc/grpc-js';
import { OverlayError } from './overlay-error.ts';
import './quiet.ts';

/** A listener that stands. */
export interface Listening {
  readonly host: string;
  /** The real port, also when 0 was asked for. */
  readonly port: number;
  /** `host:port`. */
  readonly address: string;
}

/** Binds a grpc-js server to `host:port` (port 0: any free one). Throws PORT_TAKEN, ADDRESS_UNAVAILABLE. */
export function listen(server: Server, address: string, credentials: ServerCredentials): Promise<Listening> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) resolve(listening(address, port));
      else reject(listenError(address, error));
    });
  });
}

/** The address of a listener asked to stand at `asked` that got `port`. */
export function listening(asked: string, port: number): Listening {
  const host = asked.slice(0, asked.lastIndexOf(':'));
  return { host, port, address: `${host}:${port}` };
}

/** Why nothing can listen at `address`, with the reason that an operator understands. */
export function listenError(address: string, error: Error): OverlayError {
  const text = `${'code' in error ? String(error.code) : ''} ${error.message}`;
  if (text.includes('EADDRINUSE')) return new OverlayError('PORT_TAKEN', `another process listens on ${address}`, { address }, { cause: error });
  return new OverlayError('ADDRESS_UNAVAILABLE', `cannot listen on ${address}: ${error.message}`, { address }, { cause: error });
}
