import type { Millis } from '@banyan/sansio';
import type { AccessLinks } from './access-links.ts';
import type { Network } from './network.ts';
import type { Host } from './topology.ts';

// TCP, TLS 1.3 and the request: the acceptor sees the call after two and a half round trips, the dialler after three.
const ROUND_TRIPS_BEFORE_REQUEST = 2;
/** A dial that nobody answers fails after this long. */
export const CONNECT_TIMEOUT_MS: Millis = 2_000;
/** A link on which something was sent and nothing gets through breaks after this long, at both ends. */
export const LINK_TIMEOUT_MS: Millis = 10_000;

/** One end of a data link as its host sees it; the two ends of a link have different numbers. */
export interface LinkEnd {
  readonly peer: Host;
  readonly link: number;
  /** True at the end that asked for the link. */
  readonly dialled: boolean;
  /** Which of the machine's own uses the link is for; links of different channels know nothing of each other. */
  readonly channel: string;
}

/** A link end that is no more; `link` is undefined when a dial failed. */
export interface LostEnd extends Omit<LinkEnd, 'link'> {
  readonly link: number | undefined;
}

/** What data links need of the world around them. */
export interface LinkPorts<Frame> {
  readonly network: Network;
  /** The lines of the hosts, and what a frame counts on them; absent: they have room for everything. */
  readonly access?: { readonly lines: AccessLinks; bytesOf(frame: Frame): number };
  now(): Millis;
  schedule(at: Millis, action: () => void): void;
  /** The life running on a host; undefined while none does. */
  lifeOf(host: Host): number | undefined;
  /** True while a host's machine is stopped: its kernel takes bytes, but nobody answers a handshake. */
  isPaused(host: Host): boolean;
  linkUp(host: Host, end: LinkEnd): void;
  linkDown(host: Host, end: LostEnd): void;
  frame(host: Host, end: LinkEnd, frame: Frame): void;
}

interface End extends LinkEnd {
  readonly host: Host;
  readonly life: number;
  open: boolean;
  /** When the last thing sent towards this end arrives: nothing later may arrive earlier. */
  clearAt: Millis;
  /** Arrivals from here on never happen: the sender died and the suffix with it. */
  lostFrom: Millis;
  /** What arrived while the path was cut, in order. */
  readonly held: (() => void)[];
}

/** Who dials whom, for what. */
interface Dial {
  readonly from: Host;
  readonly life: number;
  readonly to: Host;
  readonly channel: string;
}

interface Link {
  readonly dialler: End;
  readonly acceptor: End;
}

/**
 * Streams between two lives: FIFO, and what is lost is a suffix, told by `linkDown`. Packet loss shows as delay.
 * A dead peer's kernel resets the link at once; a cut path holds frames and breaks the link after `LINK_TIMEOUT_MS`.
 * The end that hangs up is told nothing more; the other end gets what was sent before, then `linkDown`.
 * Bandwidth is that of the hosts' own lines, where these are given.
 */
export class DataLinks<Frame> {
  readonly #ports: LinkPorts<Frame>;
  readonly #ends = new Map<number, Link>();
  /** Dials that are open or opening. */
  readonly #dialled = new Set<string>();
  #nextLink = 0;

  constructor(ports: LinkPorts<Frame>) {
    this.#ports = ports;
  }

  /** Ends that are open now, for the oracle of what should still arrive. */
  get openEnds(): number {
    return this.#ends.size;
  }

  /** Asks for a link; without effect while one of this channel from `from` to `to` is open or opening. */
  dial(from: Host, to: Host, channel = ''): void {
    const life = this.#ports.lifeOf(from);
    if (life === undefined) return;
    const dial: Dial = { from, life, to, channel };
    if (this.#dialled.has(dialName(dial))) return;
    this.#dialled.add(dialName(dial));
    const { network } = this.#ports;
    const now = this.#ports.now();
    if (network.isCutForStreams(from, to) || network.isCutForStreams(to, from)) {
      this.#ports.schedule(now + CONNECT_TIMEOUT_MS, () => this.#dialFailed(dial));
      return;
    }
    if (this.#ports.lifeOf(to) === undefined) {
      this.#ports.schedule(now + this.#roundTripMs(from, to), () => this.#dialFailed(dial));
      return;
    }
    let acceptedAt = now + network.streamMs(from, to);
    for (let trip = 0; trip < ROUND_TRIPS_BEFORE_REQUEST; trip++) acceptedAt += this.#roundTripMs(from, to);
    const answeredAt = acceptedAt + network.streamMs(to, from);
    this.#ports.schedule(acceptedAt, () => this.#accept(dial, answeredAt));
  }

  /** Closes one end; what was sent before still arrives. Unknown and closed ends are left alone. */
  hangUp(host: Host, link: number): void {
    const [near, far] = this.#sides(host, link);
    if (near === undefined || far === undefined) return;
    this.#close(near);
    this.#send(far, () => this.#close(far, 'tell'));
  }

  /** Sends one frame from an end; on a closed one it is lost, as writes to a closed socket are. */
  send(host: Host, link: number, frame: Frame): void {
    const [, far] = this.#sides(host, link);
    if (far === undefined) return;
    this.#send(far, () => this.#ports.frame(far.host, endOf(far), frame), this.#ports.access?.bytesOf(frame));
  }

  /**
   * Every link of a host that died: a suffix of what it sent is lost. `silent`: the whole machine went, so nobody
   * resets anything and the peers find out by the timeout.
   */
  hostDied(host: Host, { silent }: { readonly silent: boolean }): void {
    const now = this.#ports.now();
    for (const [number, link] of this.#ends) {
      const near = number === link.dialler.link ? link.dialler : link.acceptor;
      if (near.host !== host) continue;
      const far = near === link.dialler ? link.acceptor : link.dialler;
      this.#close(near);
      const sentMs = Math.max(0, far.clearAt - now);
      far.lostFrom = now + this.#ports.network.shareOf(sentMs);
      if (silent) this.#ports.schedule(now + LINK_TIMEOUT_MS, () => this.#close(far, 'tell'));
      else this.#closeAfter(far, Math.max(far.lostFrom, now + this.#ports.network.streamMs(host, far.host)));
    }
  }

  /** Lets go what was held by a cut that has healed. */
  healed(): void {
    const links = new Set(this.#ends.values());
    for (const link of links) {
      for (const end of [link.dialler, link.acceptor]) {
        if (end.held.length === 0 || this.#ports.network.isCutForStreams(end.peer, end.host)) continue;
        const held = end.held.splice(0);
        for (const arrival of held) this.#send(end, arrival);
      }
    }
  }

  #accept(dial: Dial, answeredAt: Millis): void {
    const { from, life, to, channel } = dial;
    const acceptorLife = this.#ports.lifeOf(to);
    if (acceptorLife === undefined || this.#ports.lifeOf(from) !== life) {
      this.#dialFailed(dial);
      return;
    }
    if (this.#ports.isPaused(to)) {
      this.#ports.schedule(this.#ports.now() + CONNECT_TIMEOUT_MS, () => this.#dialFailed(dial));
      return;
    }
    const number = this.#nextLink;
    this.#nextLink += 2;
    const dialler: End = { host: from, life, peer: to, link: number, dialled: true, channel, open: true, clearAt: answeredAt, lostFrom: Infinity, held: [] };
    const acceptor: End = { host: to, life: acceptorLife, peer: from, link: number + 1, dialled: false, channel, open: true, clearAt: 0, lostFrom: Infinity, held: [] };
    const link: Link = { dialler, acceptor };
    this.#ends.set(dialler.link, link);
    this.#ends.set(acceptor.link, link);
    this.#ports.linkUp(to, endOf(acceptor));
    this.#ports.schedule(answeredAt, () => {
      if (dialler.open && this.#ports.lifeOf(from) === life) this.#ports.linkUp(from, endOf(dialler));
    });
  }

  #roundTripMs(from: Host, to: Host): Millis {
    return this.#ports.network.streamMs(from, to) + this.#ports.network.streamMs(to, from);
  }

  #dialFailed(dial: Dial): void {
    const { from, life, to, channel } = dial;
    this.#dialled.delete(dialName(dial));
    if (this.#ports.lifeOf(from) === life) this.#ports.linkDown(from, { peer: to, link: undefined, dialled: true, channel });
  }

  /** The near and far end of an open link, seen from `host`. */
  #sides(host: Host, number: number): readonly [End | undefined, End | undefined] {
    const link = this.#ends.get(number);
    if (link === undefined) return [undefined, undefined];
    const [near, far] = number === link.dialler.link ? [link.dialler, link.acceptor] : [link.acceptor, link.dialler];
    return near.host === host && near.open ? [near, far] : [undefined, undefined];
  }

  #send(far: End, arrival: () => void, bytes = 0): void {
    const { access, network } = this.#ports;
    const now = this.#ports.now();
    const sentAt = access === undefined || bytes === 0 ? now : access.lines.sentAt(now, far.peer, bytes);
    const reachedAt = Math.max(far.clearAt, sentAt + network.streamMs(far.peer, far.host));
    const at = access === undefined || bytes === 0 ? reachedAt : access.lines.receivedAt(reachedAt, far.host, bytes);
    far.clearAt = at;
    this.#ports.schedule(at, () => this.#arrive(far, at, arrival));
  }

  #arrive(far: End, at: Millis, arrival: () => void): void {
    if (!far.open || at > far.lostFrom) return;
    if (far.held.length === 0 && !this.#ports.network.isCutForStreams(far.peer, far.host)) {
      arrival();
      return;
    }
    far.held.push(arrival);
    if (far.held.length === 1) this.#ports.schedule(at + LINK_TIMEOUT_MS, () => this.#breakIfHeld(far, arrival));
  }

  /** The arrival that was held first is held still: nothing got through for the whole timeout. */
  #breakIfHeld(far: End, first: () => void): void {
    if (!far.open || far.held[0] !== first) return;
    far.held.length = 0;
    const link = this.#ends.get(far.link);
    if (link === undefined) return;
    this.#close(link.dialler, 'tell');
    this.#close(link.acceptor, 'tell');
  }

  #closeAfter(far: End, at: Millis): void {
    far.clearAt = at;
    this.#ports.schedule(at, () => {
      if (!this.#ports.network.isCutForStreams(far.peer, far.host)) this.#close(far, 'tell');
      else this.#ports.schedule(at + LINK_TIMEOUT_MS, () => this.#close(far, 'tell'));
    });
  }

  #close(end: End, tell?: 'tell'): void {
    if (!end.open) return;
    end.open = false;
    end.held.length = 0;
    this.#ends.delete(end.link);
    if (end.dialled) this.#dialled.delete(dialName({ from: end.host, life: end.life, to: end.peer, channel: end.channel }));
    if (tell === undefined || this.#ports.lifeOf(end.host) !== end.life) return;
    this.#ports.linkDown(end.host, endOf(end));
  }
}

function endOf({ peer, link, dialled, channel }: End): LinkEnd {
  return { peer, link, dialled, channel };
}

function dialName({ from, life, to, channel }: Dial): string {
  return `${from}:${life}:${to}:${channel}`;
}
