import { randomUUID } from 'node:crypto';
import type { Response } from 'express';
import { OverlayError } from '@banyan/grpc';
import type { CONSOLE_METRICS, Metrics } from '@banyan/telemetry';
import type { Hub } from '../watching/hub.ts';
import { eventText } from '../watching/topic.ts';
import type { Topics } from '../watching/topics.ts';
import { PageStream } from './page-stream.ts';
import type { Session } from './session.ts';

/** Pages open at once. */
export const PAGES_MAX = 64;
/** Topics of one page. */
const TOPICS_MAX = 8;

/** The open pages: each has one stream, over which comes all it follows. */
export class Streams {
  readonly #pages = new Map<string, { readonly page: PageStream; readonly session: Session }>();

  constructor(
    private readonly hub: Hub,
    private readonly topics: Topics,
    private readonly metrics: Metrics<typeof CONSOLE_METRICS>,
  ) {}

  /** Opens a page's stream; it says by which name the page may choose its topics. Throws BUSY. */
  open(session: Session, response: Response): void {
    if (this.#pages.size >= PAGES_MAX) throw new OverlayError('BUSY', `${PAGES_MAX} pages are open already`, {}, { retryAfterMs: 5_000 });
    const id = randomUUID();
    const page = new PageStream(response, () => this.#welcomeAgain(page), () => this.metrics.eventsDropped.add(1));
    this.#pages.set(id, { page, session });
    this.metrics.pages.set(this.#pages.size);
    const expiry = setTimeout(() => {
      page.take(eventText('expired', { reason: 'the token has expired: sign in again' }));
      page.end();
    }, Math.max(0, session.expiresAtMs - Date.now())).unref();
    response.on('close', () => {
      clearTimeout(expiry);
      for (const name of page.topics) this.hub.leave(name, page);
      page.end();
      this.#pages.delete(id);
      this.metrics.pages.set(this.#pages.size);
    });
    page.take(eventText('hello', { stream: id }));
  }

  /** Chooses what a page follows. Throws NODE_NOT_FOUND for a stream that has ended, SCOPE_MISSING, REQUEST_INVALID, BUSY. */
  choose(session: Session, id: string, names: readonly string[]): void {
    const open = this.#pages.get(id);
    if (open === undefined || open.session.tokenId !== session.tokenId) throw new OverlayError('METHOD_NOT_FOUND', 'there is no such stream (any more)');
    if (names.length > TOPICS_MAX) throw new OverlayError('REQUEST_INVALID', `topics: at most ${TOPICS_MAX}`, { field: 'topics' });
    const { page } = open;
    const chosen = new Map(names.map((name) => [this.topics.keyOf(session, name), name]));
    for (const key of page.topics) {
      if (chosen.has(key)) continue;
      page.topics.delete(key);
      this.hub.leave(key, page);
    }
    for (const [key, name] of chosen) {
      if (page.topics.has(key)) continue;
      this.hub.follow(key, page, () => this.topics.make(session, name));
      page.topics.add(key);
    }
  }

  /** Ends every stream. */
  close(): void {
    for (const { page } of this.#pages.values()) page.end();
  }

  #welcomeAgain(page: PageStream): void {
    for (const name of page.topics) this.hub.welcomeAgain(name, page);
  }
}
