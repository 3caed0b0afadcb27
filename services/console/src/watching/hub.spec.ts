import { describe, expect, it } from 'vitest';
import { Hub, TOPICS_MAX } from './hub.ts';
import type { Tell, TopicSource } from './topic.ts';

function probe() {
  let tell: Tell = () => undefined;
  let watches = 0;
  const source: TopicSource = {
    watch: (told) => ((tell = told), watches++, Promise.resolve()),
    welcome: (told) => told('hello', { stream: 'welcome' }),
  };
  return { source, tell: (stream: string) => tell('hello', { stream }), watches: () => watches };
}
const follower = () => {
  const messages: string[] = [];
  return { messages, take: (message: string) => void messages.push(message) };
};

describe('the hub', () => {
  it('watches once for any number of followers, and welcomes each', () => {
    const [hub, topic, a, b] = [new Hub(), probe(), follower(), follower()];
    for (const each of [a, b]) hub.follow('ring', each, () => topic.source);
    topic.tell('news');
    expect(topic.watches()).toBe(1);
    expect(a.messages).toEqual(['event: hello\ndata: {"stream":"welcome"}\n\n', 'event: hello\ndata: {"stream":"news"}\n\n']);
    expect(b.messages).toEqual(a.messages);
    hub.leave('ring', a);
    topic.tell('later');
    expect([a.messages.length, b.messages.length]).toEqual([2, 3]);
    hub.close();
  });

  it('makes room by ending what nobody follows, and refuses when there is none', () => {
    const [hub, one] = [new Hub(), follower()];
    for (let number = 0; number < TOPICS_MAX; number++) hub.follow(`tree:${number}`, one, () => probe().source);
    expect(() => hub.follow('one more', one, () => probe().source)).toThrow('watches 128 things');
    hub.leave('tree:0', one);
    hub.follow('one more', one, () => probe().source);
    expect(hub.size).toBe(TOPICS_MAX);
    hub.close();
  });
});
