import { OverlayError } from '@banyan/grpc';
import { eventText, type Follower, type Tell, type TopicSource } from './topic.ts';

interface Topic {
  readonly source: TopicSource;
  readonly followers: Set<Follower>;
  readonly ending: AbortController;
  linger: NodeJS.Timeout | undefined;
}

/** Topics watched at once; each costs the overlay a stream or a question every few seconds. */
export const TOPICS_MAX = 128;
// Whoever reloads the page comes back at once; what it watched need not begin anew.
const LINGER_MS = 5_000;

/**
 * What pages follow. However many pages follow a topic, the overlay is asked once and an event is made into text once;
 * a topic that nobody follows is not watched.
 */
export class Hub {
  readonly #topics = new Map<string, Topic>();

  /** How many topics are watched. */
  get size(): number {
    return this.#topics.size;
  }

  /** Lets a follower follow a topic; it is told what there is first. Throws BUSY when too many topics are watched. */
  follow(name: string, follower: Follower, makeSource: () => TopicSource): void {
    const topic = this.#topics.get(name) ?? this.#begin(name, makeSource());
    clearTimeout(topic.linger);
    topic.linger = undefined;
    topic.followers.add(follower);
    topic.source.welcome((event, data) => follower.take(eventText(event, data)));
  }

  /** The follower is told what there is once more: it has missed something. */
  welcomeAgain(name: string, follower: Follower): void {
    this.#topics.get(name)?.source.welcome((event, data) => follower.take(eventText(event, data)));
  }

  /** Ends that; the last follower's leaving ends the watch a little later. */
  leave(name: string, follower: Follower): void {
    const topic = this.#topics.get(name);
    if (topic === undefined || !topic.followers.delete(follower) || topic.followers.size > 0) return;
    topic.linger = setTimeout(() => this.#end(name, topic), LINGER_MS).unref();
  }

  /** Ends every watch. */
  close(): void {
    for (const [name, topic] of this.#topics) this.#end(name, topic);
  }

  #begin(name: string, source: TopicSource): Topic {
    this.#makeRoom();
    const topic: Topic = { source, followers: new Set(), ending: new AbortController(), linger: undefined };
    const tell: Tell = (event, data) => {
      if (topic.followers.size === 0) return;
      const text = eventText(event, data);
      for (const follower of topic.followers) follower.take(text);
    };
    this.#topics.set(name, topic);
    void source.watch(tell, topic.ending.signal);
    return topic;
  }

  #makeRoom(): void {
    if (this.#topics.size < TOPICS_MAX) return;
    for (const [name, topic] of this.#topics) if (topic.followers.size === 0) return this.#end(name, topic);
    throw new OverlayError('BUSY', `the console watches ${TOPICS_MAX} things for its pages already`, {}, { retryAfterMs: LINGER_MS });
  }

  #end(name: string, topic: Topic): void {
    clearTimeout(topic.linger);
    topic.ending.abort();
    this.#topics.delete(name);
  }
}
