import { createSecureServer, createServer, type Http2SecureServer, type Http2Server, type Http2Session } from 'node:http2';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { AddressInfo } from 'node:net';
import type { Id } from '@banyan/ids';
import { listenError, listening, type Listening } from '../listen.ts';
import { OverlayError } from '../overlay-error.ts';
import type { LinkCredentials } from './control-links.ts';
import { acceptData, type DataAdmission } from './data-accept.ts';
import { dialData, type DataReceiver } from './data-dial.ts';
import type { DataLink, DataLinkId, DataLinksEvents, DataLinksOptions } from './data-links-contract.ts';
import type { DataSender } from './data-sender.ts';
import { CONNECTION_WINDOW_BYTES, DATA_SESSION } from './data-wire.ts';
import { SPOKEN, type LinkPeer, type LinkTarget } from './handshake.ts';

const LINKS_MAX = 512;
const QUEUE_BYTES_MAX = 32 * 1024 * 1024;
const IDLE_MS = 60_000;
const GREETING_TIMEOUT_MS = 5_000;
const IDLE_LOOKS = 12;

/** A link and the end of it that this node holds. */
interface Parent extends DataLink {
  readonly dialled: false;
  readonly sender: DataSender;
}
interface Child extends DataLink {
  readonly dialled: true;
  readonly receiver: DataReceiver;
  lastFrame: number;
}
/** A dial that is open or opening; `link` once it is open. */
interface Dialling {
  readonly target: LinkTarget;
  receiver: DataReceiver | undefined;
  link: DataLinkId | undefined;
}

/**
 * All data links of a node, in the gRPC wire format straight on `node:http2`: the child dials the parent's data port and
 * reads, the parent writes one framed buffer to any number of children without a copy. In order while it lasts; what
 * is lost is a suffix, told by `down`. `@grpc/grpc-js` would copy each message once per child.
 */
export class DataLinks {
  readonly #options: DataLinksOptions;
  readonly #events: DataLinksEvents;
  readonly #server: Http2SecureServer | Http2Server;
  readonly #sessions = new Set<Http2Session>();
  readonly #links = new Map<DataLinkId, Parent | Child>();
  readonly #dials = new Map<string, Dialling>();
  readonly #idleMs: number;
  readonly #idleLook: NodeJS.Timeout;
  #context: SecureContext;
  #nextLink = 1;
  #isStopping = false;

  constructor(options: DataLinksOptions) {
    this.#options = options;
    this.#events = options.events;
    this.#context = contextOf(options.credentials);
    this.#idleMs = options.idleMs ?? IDLE_MS;
    this.#server = options.unprotected === true ? createServer(DATA_SESSION) : createSecureServer({ ...DATA_SESSION, ...tlsOf(options.credentials), requestCert: true, rejectUnauthorized: true });
    this.#server.on('session', (session) => this.#meet(session));
    this.#server.on('stream', (stream, headers) => this.#accept(stream, headers));
    this.#server.on('sessionError', () => undefined); // the streams of the session tell their ends
    this.#idleLook = setInterval(() => this.#closeIdle(), this.#idleMs / IDLE_LOOKS).unref();
  }

  /** Listens on `host:port` (port 0: any); throws PORT_TAKEN or ADDRESS_UNAVAILABLE. */
  listen(address: string): Promise<Listening> {
    const at = address.lastIndexOf(':');
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => reject(listenError(address, error));
      this.#server.once('error', fail);
      this.#server.listen(Number(address.slice(at + 1)), address.slice(0, at).replace(/^\[|\]$/g, ''), () => {
        this.#server.off('error', fail);
        this.#server.on('error', () => undefined); // of single connections; they tell their own ends
        resolve(listening(address, (this.#server.address() as AddressInfo).port));
      });
    });
  }

  /** Open links. */
  get size(): number {
    return this.#links.size;
  }

  /** Bytes that wait on one link; 0 of one that is not open or only receives. */
  queuedBytes(link: DataLinkId): number {
    const end = this.#links.get(link);
    return end === undefined || end.dialled ? 0 : end.sender.queuedBytes;
  }

  /** Asks a parent for a link, answered by `up` or `unreachable`; without effect while one is open or opening. */
  dial(target: LinkTarget, application: string): void {
    const key = dialKey(target.id, application);
    const earlier = this.#dials.get(key);
    if (earlier !== undefined) {
      if (earlier.target.incarnation >= target.incarnation) return;
      this.#abandon(key, earlier);
    }
    const error = this.#refusal();
    if (error !== undefined) return void setImmediate(() => this.#events.unreachable(target, application, error));
    const dialling: Dialling = { target, receiver: undefined, link: undefined };
    this.#dials.set(key, dialling);
    dialling.receiver = dialData(
      { target, application, self: this.#options.self(), context: this.#context, refusal: this.#options.refusal, timeoutMs: this.#options.greetingTimeoutMs ?? GREETING_TIMEOUT_MS, unprotected: this.#options.unprotected === true, spoken: this.#options.spoken ?? SPOKEN },
      {
        opened: (peer) => this.#opened(dialling, peer, application),
        frame: (framed) => this.#received(dialling, framed),
        ended: (ended, faulted) => {
          if (faulted) this.#events.faulted(ended);
          if (this.#dials.get(key) === dialling) this.#dials.delete(key);
          if (dialling.link === undefined) this.#events.unreachable(target, application, ended);
          else this.#lost(dialling.link, ended);
        },
      },
    );
  }

  /** Closes a link: what was sent before still arrives. The side that hangs up is told nothing more of it. */
  hangUp(link: DataLinkId): void {
    const end = this.#links.get(link);
    if (end === undefined) return;
    this.#links.delete(link);
    if (!end.dialled) return end.sender.end();
    this.#dials.delete(dialKey(end.peer.id, end.application));
    end.receiver.hangUp();
  }

  /** Closes every link with a peer that broke the protocol; each is told as `down`. */
  close(peer: Id, error: OverlayError): void {
    for (const end of [...this.#links.values()]) {
      if (end.peer.id !== peer) continue;
      if (end.dialled) {
        this.#dials.delete(dialKey(peer, end.application));
        end.receiver.hangUp();
      } else end.sender.end(error);
      this.#lost(end.link, error);
    }
  }

  /** Writes one framed buffer, which must not change afterwards, to every link; a link whose queue is full goes down. `left`: it has left over a link. */
  fanOut(links: readonly DataLinkId[], framed: Buffer, left?: () => void): void {
    for (const link of links) {
      const end = this.#links.get(link);
      if (end === undefined || end.dialled || end.sender.write(framed, left)) continue;
      const error = new OverlayError('LINK_OVERFLOW', `more than ${this.#options.queueBytesMax ?? QUEUE_BYTES_MAX} bytes wait for ${end.peer.id}`);
      end.sender.end(error);
      this.#lost(link, error);
    }
  }

  /** Stops reading from every parent; nothing is lost, their windows fill. */
  pause(): void {
    for (const end of this.#links.values()) if (end.dialled) end.receiver.pause();
  }

  /** Reads on. */
  resume(): void {
    for (const end of this.#links.values()) if (end.dialled) end.receiver.resume();
  }

  /** Shows and trusts other certificates from the next connection on. */
  renew(credentials: LinkCredentials): void {
    this.#context = contextOf(credentials);
    if ('setSecureContext' in this.#server) this.#server.setSecureContext(tlsOf(credentials));
  }

  /** Ends every link cleanly, waits for what is on its way within `graceMs`, and stops listening. */
  async stop(graceMs = 1_000): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#idleLook);
    for (const dialling of this.#dials.values()) dialling.receiver?.hangUp();
    this.#dials.clear();
    for (const link of [...this.#links.keys()]) this.hangUp(link);
    for (const session of this.#sessions) session.close();
    const force = setTimeout(() => {
      for (const session of this.#sessions) session.destroy();
    }, graceMs);
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    clearTimeout(force);
  }

  #meet(session: Http2Session): void {
    this.#sessions.add(session);
    session.on('error', () => undefined); // the streams of the session tell their ends
    session.on('close', () => this.#sessions.delete(session));
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    session.setTimeout(2 * this.#idleMs, () => session.close());
  }

  #accept(...[stream, headers]: [Parameters<typeof acceptData>[0], Parameters<typeof acceptData>[1]]): void {
    const link = this.#nextLink++;
    const admission: DataAdmission = {
      self: this.#options.self,
      refusal: (identity) => this.#refusal() ?? this.#options.refusal?.(identity),
      queueBytesMax: this.#options.queueBytesMax ?? QUEUE_BYTES_MAX,
      timeoutMs: this.#options.greetingTimeoutMs ?? GREETING_TIMEOUT_MS,
      unprotected: this.#options.unprotected === true,
      spoken: this.#options.spoken ?? SPOKEN,
    };
    acceptData(stream, headers, admission, {
      opened: ({ peer, application, sender }) => {
        this.#replace(peer.id, application);
        const end: Parent = { link, peer, application, dialled: false, sender };
        this.#links.set(link, end);
        this.#events.up(end);
      },
      ended: (error) => this.#lost(link, error),
      refused: (error) => this.#events.faulted(error),
    });
  }

  /** A child that dials again has lost the link it had. */
  #replace(child: Id, application: string): void {
    for (const end of this.#links.values()) {
      if (end.dialled || end.peer.id !== child || end.application !== application) continue;
      const error = new OverlayError('LINK_REPLACED', 'the child dialled again');
      end.sender.end(error);
      this.#lost(end.link, error);
      return;
    }
  }

  #opened(dialling: Dialling, peer: LinkPeer, application: string): void {
    const { receiver } = dialling;
    if (receiver === undefined) return;
    const end: Child = { link: this.#nextLink++, peer, application, dialled: true, receiver, lastFrame: performance.now() };
    dialling.link = end.link;
    this.#links.set(end.link, end);
    this.#events.up(end);
  }

  #received(dialling: Dialling, framed: Buffer): OverlayError | undefined {
    const end = dialling.link === undefined ? undefined : this.#links.get(dialling.link);
    if (end === undefined || !end.dialled) return undefined;
    end.lastFrame = performance.now();
    return this.#events.frame(end, framed);
  }

  #abandon(key: string, dialling: Dialling): void {
    this.#dials.delete(key);
    dialling.receiver?.hangUp();
    if (dialling.link !== undefined) this.#lost(dialling.link, new OverlayError('LINK_CLOSED', 'the peer has started again'));
  }

  #lost(link: DataLinkId, error: OverlayError): void {
    const end = this.#links.get(link);
    if (end === undefined) return;
    this.#links.delete(link);
    this.#events.down(end, error);
  }

  #refusal(): OverlayError | undefined {
    if (this.#isStopping) return new OverlayError('STOPPING', 'the node stops');
    if (this.#links.size >= (this.#options.linksMax ?? LINKS_MAX)) return new OverlayError('BUSY', 'as many data links are open as this node takes', {}, { retryAfterMs: 5_000 });
    return undefined;
  }

  // The parent closes an idle link; the child cannot know what is on its way and only gives up on a parent that is gone.
  #closeIdle(): void {
    const before = performance.now() - this.#idleMs;
    for (const end of this.#links.values()) {
      const isIdle = end.dialled ? end.lastFrame < before - this.#idleMs : end.sender.lastProgress < before;
      if (!isIdle) continue;
      const error = new OverlayError('LINK_CLOSED', `idle for ${this.#idleMs} ms`);
      if (end.dialled) {
        this.#dials.delete(dialKey(end.peer.id, end.application));
        end.receiver.hangUp();
      } else end.sender.end(end.sender.queuedBytes === 0 ? undefined : error);
      this.#lost(end.link, error);
    }
  }
}

function dialKey(peer: Id, application: string): string {
  return `${peer} ${application}`;
}

function tlsOf(credentials: LinkCredentials): { key: string; cert: string; ca: string } {
  return { key: credentials.key, cert: credentials.certificate, ca: credentials.authority };
}

function contextOf(credentials: LinkCredentials): SecureContext {
  return createSecureContext(tlsOf(credentials));
}
