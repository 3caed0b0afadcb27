import { Server, type ServerDuplexStream } from '@grpc/grpc-js';
import type { Id } from '@banyan/ids';
import { peerFromCertificate, type PeerIdentity } from '@banyan/identity';
import type { overlay } from '@banyan/proto';
import { authenticatedPeer } from '../authenticated-peer.ts';
import { mutualTlsDialler, mutualTlsServerCredentials, type KeyAndCertificate } from '../credentials.ts';
import { listen, type Listening } from '../listen.ts';
import { OverlayError } from '../overlay-error.ts';
import { parseStatus, toServiceError } from '../status.ts';
import { ControlLink } from './control-link.ts';
import { acceptExchange, dialExchange, EXCHANGE_OPTIONS, exchangeService, sizeFault, type ExchangeStream } from './exchange-stream.ts';
import { acceptHandshake, decodeExchangeHandshake, encodeExchangeHandshake, SPOKEN, unwrapFrame, wrapFrame, type LinkPeer, type LinkTarget, type SpokenVersions } from './handshake.ts';

/** Who this node is to its peers, and whom it trusts; all PEM. */
export interface LinkCredentials extends KeyAndCertificate {
  readonly authority: string;
}

/** What the owner of links is told, and asked. */
export interface ControlLinksEvents {
  /** An encoded ControlFrame came. What it returns is the peer's fault: the link is closed with it. */
  frame(peer: LinkPeer, frame: Uint8Array): OverlayError | undefined;
  /** A link to a peer stands. */
  opened(peer: LinkPeer): void;
  /** A link that stood is gone; LINK_CLOSED is a clean end and no hint that the peer is. */
  closed(peer: LinkPeer, error: OverlayError): void;
  /** A dial failed. */
  unreachable(target: LinkTarget, error: OverlayError): void;
  /** A peer broke the protocol before it had a link, or by what it sent. */
  faulted(error: OverlayError): void;
  /** Messages given up, by reason. */
  dropped(reason: 'queue_full' | 'unreachable' | 'link_down' | 'connection_limit', count: number): void;
}

/** What links are made of; everything with a default may be left out. */
export interface ControlLinksOptions {
  readonly id: Id;
  /** This node as its handshake tells it; asked for at each, since addresses are known only after listening. */
  readonly self: () => overlay.Node;
  readonly credentials: LinkCredentials;
  readonly events: ControlLinksEvents;
  /** Refuses a peer whose certificate is good (a revoked one); undefined admits it. */
  readonly refusal?: (identity: PeerIdentity) => OverlayError | undefined;
  /** Which versions it speaks; those of this code when left out. */
  readonly spoken?: SpokenVersions;
  /** Links at once. */
  readonly linksMax?: number;
  /** ms within which the other side must answer. */
  readonly greetingTimeoutMs?: number;
}

const LINKS_MAX = 160;
const GREETINGS_MAX = 64;
const GREETING_TIMEOUT_MS = 5_000;
const OUTBOX = { framesMax: 1_024, bytesMax: 1024 * 1024 };
// Two links of one pair that begin within this time were dialled at once; a later dial means that the peer lost its end.
const SIMULTANEOUS_MS = 2_000;
// A peer that did not answer is not dialled again at once: its messages are dropped meanwhile.
const REDIAL_PAUSE_MS = 250;
const UNREACHABLE_MAX = 1_024;
const STOP_TIMEOUT_MS = 1_000;

/**
 * All control links of a node: one Exchange stream per unordered pair of peers, dialled when there is something to say,
 * kept warm, the least recently used given up beyond `linksMax`. Datagram rules: a message may be lost or repeated.
 */
export class ControlLinks {
  readonly #options: ControlLinksOptions;
  readonly #server: Server;
  readonly #serverCredentials: ReturnType<typeof mutualTlsServerCredentials>;
  readonly #links = new Map<Id, ControlLink>();
  readonly #unreachableUntil = new Map<Id, number>();
  #dialler: ReturnType<typeof mutualTlsDialler>;
  #uses = 0;
  #greetings = 0;
  #isStopping = false;

  constructor(options: ControlLinksOptions) {
    this.#options = options;
    this.#dialler = mutualTlsDialler(options.credentials, options.credentials.authority);
    this.#serverCredentials = mutualTlsServerCredentials(options.credentials, options.credentials.authority);
    this.#server = new Server(EXCHANGE_OPTIONS);
    this.#server.addService(exchangeService, { exchange: (call: ServerDuplexStream<Buffer, Buffer>) => this.#accept(call) });
  }

  /** Listens on `host:port` (port 0: any); throws PORT_TAKEN or ADDRESS_UNAVAILABLE. */
  listen(address: string): Promise<Listening> {
    return listen(this.#server, address, this.#serverCredentials);
  }

  /** Open links. */
  get size(): number {
    let open = 0;
    for (const link of this.#links.values()) if (link.peer !== undefined) open++;
    return open;
  }

  /** Sends one encoded ControlFrame, dialling the peer when there is no link; may be lost, and is counted when it is known to be. */
  send(target: LinkTarget, frame: Uint8Array): void {
    if (this.#isStopping) return this.#options.events.dropped('link_down', 1);
    let link = this.#links.get(target.id);
    if (link !== undefined && target.incarnation > link.incarnation) {
      this.#close(link, new OverlayError('LINK_CLOSED', 'the peer has started again'));
      link = undefined;
    }
    link ??= this.#dial(target);
    if (link === undefined) return this.#options.events.dropped('unreachable', 1);
    this.#use(link);
    if (!link.send(wrapFrame(frame))) this.#options.events.dropped('queue_full', 1);
  }

  /** Asks whoever listens at an address who he is; any ring member will do. Throws UNREACHABLE and what handshakes throw. */
  discover(address: string): Promise<LinkPeer> {
    return new Promise((resolve, reject) => {
      let met: PeerIdentity | undefined;
      const credentials = this.#dialler((certificate) => {
        met = peerFromCertificate(certificate.raw);
        return met === undefined ? new Error('not a member of this overlay') : undefined;
      });
      const stream: ExchangeStream = dialExchange(address, credentials, {
        message: (bytes) => {
          try {
            if (met === undefined) throw new OverlayError('CERTIFICATE_MISSING', 'the peer showed no certificate');
            resolve(this.#introduce(met, bytes));
          } catch (error) {
            reject(parseStatus(error));
          }
          stream.end(new OverlayError('LINK_CLOSED', 'asked and answered'));
        },
        drained: () => undefined,
        ended: (error) => {
          clearTimeout(greeting);
          reject(error);
        },
      });
      const greeting = after(this.#options.greetingTimeoutMs ?? GREETING_TIMEOUT_MS, () => stream.end(new OverlayError('UNREACHABLE', `${address} does not answer`, { address })));
      stream.write(encodeExchangeHandshake(this.#options.self(), this.#options.spoken ?? SPOKEN));
    });
  }

  /** Closes the link to a peer that broke the protocol. */
  close(id: Id, error: OverlayError): void {
    const link = this.#links.get(id);
    if (link !== undefined) this.#close(link, error);
  }

  /** Shows and trusts other certificates from the next handshake on. */
  renew(credentials: LinkCredentials): void {
    this.#dialler = mutualTlsDialler(credentials, credentials.authority);
    this.#serverCredentials.renew(credentials);
  }

  /** Ends every link cleanly, what was sent before included, and stops listening. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const links = [...this.#links.values()];
    const streams = links.flatMap(({ stream }) => stream ?? []);
    for (const link of links) this.#close(link, new OverlayError('LINK_CLOSED', 'the node stops'));
    const shutdown = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    const force = setTimeout(() => this.#server.forceShutdown(), STOP_TIMEOUT_MS);
    await Promise.race([Promise.all([shutdown, ...streams.map(({ settled }) => settled)]), elapsed(STOP_TIMEOUT_MS)]);
    clearTimeout(force);
  }

  #dial(target: LinkTarget): ControlLink | undefined {
    const until = this.#unreachableUntil.get(target.id);
    if (until !== undefined && performance.now() < until) return undefined;
    this.#unreachableUntil.delete(target.id);
    this.#makeRoom();
    const link = new ControlLink(target.id, target.incarnation, OUTBOX);
    this.#links.set(target.id, link);
    this.#open(link, target);
    return link;
  }

  #open(link: ControlLink, target: LinkTarget): void {
    let met: PeerIdentity | undefined;
    const credentials = this.#dialler((certificate) => {
      met = peerFromCertificate(certificate.raw);
      return met?.id === target.id ? undefined : new Error(`not ${target.id}`);
    });
    const stream: ExchangeStream = dialExchange(target.address, credentials, {
      message: (bytes) => {
        if (link.stream !== stream) return;
        if (link.peer !== undefined) return this.#receive(link, link.peer, bytes);
        clearTimeout(greeting);
        this.#greet(link, stream, met, bytes);
      },
      drained: () => void (link.stream === stream && link.drain()),
      ended: (error) => {
        clearTimeout(greeting);
        if (link.stream === stream) this.#dialEnded(link, target, met !== undefined && met.id !== target.id ? notHere(target, met) : error);
      },
    });
    const greeting = after(this.#options.greetingTimeoutMs ?? GREETING_TIMEOUT_MS, () => stream.end(new OverlayError('TIMEOUT', `${target.address} does not answer`)));
    link.stream = stream;
    link.isDialled = true;
    link.since = performance.now();
    stream.write(encodeExchangeHandshake(this.#options.self(), this.#options.spoken ?? SPOKEN));
  }

  #greet(link: ControlLink, stream: ExchangeStream, identity: PeerIdentity | undefined, bytes: Buffer): void {
    try {
      if (identity === undefined) throw new OverlayError('CERTIFICATE_MISSING', 'the peer showed no certificate');
      const peer = this.#introduce(identity, bytes);
      link.open(peer);
      this.#options.events.opened(peer);
    } catch (error) {
      this.#options.events.faulted(parseStatus(error));
      stream.end(parseStatus(error));
    }
  }

  #dialEnded(link: ControlLink, target: LinkTarget, error: OverlayError): void {
    if (link.peer !== undefined) return this.#forget(link, error);
    if (error.reason === 'LINK_REPLACED') {
      // The peer keeps the link it dialled; it is about to reach us. What waits, waits for it.
      link.stream = undefined;
      after(SIMULTANEOUS_MS, () => void (link.stream === undefined && this.#links.get(link.id) === link && this.#forget(link, error)));
      return;
    }
    this.#forget(link, error);
    this.#pause(target.id);
    this.#options.events.unreachable(target, error);
  }

  #accept(call: ServerDuplexStream<Buffer, Buffer>): void {
    let link: ControlLink | undefined;
    let identity: PeerIdentity;
    try {
      identity = authenticatedPeer(call);
      if (this.#isStopping) throw new OverlayError('STOPPING', 'the node stops');
      if (this.#greetings >= GREETINGS_MAX) throw new OverlayError('BUSY', 'too many peers shake hands at once', {}, { retryAfterMs: SIMULTANEOUS_MS });
    } catch (error) {
      call.emit('error', toServiceError(error));
      return;
    }
    this.#greetings++;
    let isGreeting = true;
    const greeted = (): void => {
      if (isGreeting) this.#greetings--;
      isGreeting = false;
      clearTimeout(greeting);
    };
    const stream: ExchangeStream = acceptExchange(call, {
      message: (bytes) => {
        if (isGreeting) {
          greeted();
          link = this.#welcome(stream, identity, bytes);
        } else if (link?.stream === stream && link.peer !== undefined) this.#receive(link, link.peer, bytes);
      },
      drained: () => void (link?.stream === stream && link.drain()),
      ended: (error) => {
        greeted();
        if (link?.stream === stream) this.#forget(link, error);
      },
    });
    const greeting = after(this.#options.greetingTimeoutMs ?? GREETING_TIMEOUT_MS, () => stream.end(new OverlayError('TIMEOUT', 'no handshake came')));
  }

  /** The link that an accepted stream becomes; undefined when it is refused. */
  #welcome(stream: ExchangeStream, identity: PeerIdentity, bytes: Buffer): ControlLink | undefined {
    try {
      const peer = this.#introduce(identity, bytes);
      const existing = this.#links.get(peer.id);
      if (existing !== undefined && this.#isPreferred(existing, peer)) throw new OverlayError('LINK_REPLACED', 'both dialled; the link of the lower id stays');
      stream.write(encodeExchangeHandshake(this.#options.self(), this.#options.spoken ?? SPOKEN));
      return this.#adopt(stream, peer, existing);
    } catch (error) {
      const told = parseStatus(error);
      if (told.reason !== 'LINK_REPLACED') this.#options.events.faulted(told);
      stream.end(told);
      return undefined;
    }
  }

  /** True when our own dial to this life of the peer was begun just now and ours is the lower id. */
  #isPreferred(existing: ControlLink, peer: LinkPeer): boolean {
    const isAtOnce = existing.isDialled && existing.stream !== undefined && performance.now() - existing.since < SIMULTANEOUS_MS;
    return isAtOnce && this.#options.id < peer.id && peer.incarnation <= existing.incarnation;
  }

  #adopt(stream: ExchangeStream, peer: LinkPeer, existing: ControlLink | undefined): ControlLink {
    if (existing !== undefined && existing.incarnation < peer.incarnation) {
      this.#close(existing, new OverlayError('LINK_CLOSED', 'the peer has started again'));
      return this.#adopt(stream, peer, undefined);
    }
    existing?.release(new OverlayError('LINK_REPLACED', 'the peer dialled too'));
    if (existing === undefined) this.#makeRoom();
    const link = existing ?? new ControlLink(peer.id, peer.incarnation, OUTBOX);
    this.#links.set(peer.id, link);
    link.stream = stream;
    link.isDialled = false;
    link.since = performance.now();
    this.#use(link);
    link.open(peer);
    this.#options.events.opened(peer);
    return link;
  }

  #introduce(identity: PeerIdentity, bytes: Buffer): LinkPeer {
    const refusal = this.#options.refusal?.(identity);
    if (refusal !== undefined) throw refusal;
    const fault = sizeFault(bytes);
    if (fault !== undefined) throw fault;
    if (identity.id === this.#options.id) throw new OverlayError('HANDSHAKE_INVALID', 'a node does not dial itself');
    return acceptHandshake(decodeExchangeHandshake(bytes), identity, this.#options.spoken ?? SPOKEN);
  }

  #receive(link: ControlLink, peer: LinkPeer, bytes: Buffer): void {
    this.#use(link);
    const fault = sizeFault(bytes) ?? this.#deliver(peer, unwrapFrame(bytes));
    if (fault === undefined) return;
    this.#options.events.faulted(fault);
    this.#close(link, fault);
  }

  #deliver(peer: LinkPeer, frame: Uint8Array | undefined): OverlayError | undefined {
    return frame === undefined ? new OverlayError('FRAME_MALFORMED', 'a message without a frame') : this.#options.events.frame(peer, frame);
  }

  #makeRoom(): void {
    if (this.#links.size < (this.#options.linksMax ?? LINKS_MAX)) return;
    let oldest: ControlLink | undefined;
    for (const link of this.#links.values()) if (oldest === undefined || link.lastUse < oldest.lastUse) oldest = link;
    if (oldest !== undefined) this.#close(oldest, new OverlayError('LINK_CLOSED', 'another link was needed more'));
  }

  #close(link: ControlLink, error: OverlayError): void {
    const { stream } = link;
    if (error.reason === 'LINK_CLOSED') link.flush();
    this.#forget(link, error);
    stream?.end(error.reason === 'LINK_CLOSED' ? undefined : error);
  }

  #forget(link: ControlLink, error: OverlayError): void {
    const { peer } = link;
    link.stream = undefined;
    link.peer = undefined;
    if (this.#links.get(link.id) === link) this.#links.delete(link.id);
    this.#lose(peer === undefined ? 'unreachable' : 'link_down', link.clear());
    if (peer !== undefined) this.#options.events.closed(peer, error);
  }

  #lose(reason: 'unreachable' | 'link_down', count: number): void {
    if (count > 0) this.#options.events.dropped(reason, count);
  }

  #pause(id: Id): void {
    if (this.#unreachableUntil.size >= UNREACHABLE_MAX) this.#unreachableUntil.clear();
    this.#unreachableUntil.set(id, performance.now() + REDIAL_PAUSE_MS);
  }

  #use(link: ControlLink): void {
    link.lastUse = ++this.#uses;
  }
}

// A timer that does not keep the process up.
function after(ms: number, work: () => void): NodeJS.Timeout {
  return setTimeout(work, ms).unref();
}

function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => void after(ms, resolve));
}

function notHere(target: LinkTarget, met: PeerIdentity): OverlayError {
  return new OverlayError('NOT_AT_THIS_ADDRESS', `at ${target.address} is ${met.id}, not ${target.id}`, { address: target.address, met: met.id });
}
