import type { SlowReader } from '@banyan/client';
import type { SlowList, SlowView } from '../contract.ts';
import type { NodeClients } from './node-clients.ts';
import type { RingWatch } from './ring-watch.ts';
import { rest, type Tell, type TopicSource } from './topic.ts';

const LOOK_EVERY_MS = 2_000;
/** Nodes asked at one look: a large ring is asked in turns. */
export const ASKED_AT_ONCE = 32;
const READERS_SHOWN = 200;
const DEADLINE_MS = 2_000;

/** Who reads too slowly, as each node says of itself; 32 nodes every two seconds, in turns. */
export class SlowWatch implements TopicSource {
  readonly #answers = new Map<string, readonly SlowView[] | 'silent'>();
  #turn = 0;
  #last: SlowList | undefined;

  constructor(
    private readonly ring: RingWatch,
    private readonly clients: NodeClients,
  ) {}

  welcome(tell: Tell): void {
    if (this.#last !== undefined) tell('slow', this.#last);
  }

  async watch(tell: Tell, signal: AbortSignal): Promise<void> {
    const using = this.ring.use(signal);
    while (!signal.aborted) {
      await this.#look();
      if (!signal.aborted) tell('slow', (this.#last = this.#list()));
      await rest(LOOK_EVERY_MS, signal);
    }
    await using;
  }

  async #look(): Promise<void> {
    const nodes = this.ring.map.nodes.flatMap(({ id, api }) => (api === undefined ? [] : [{ id, api }]));
    const known = new Set(nodes.map(({ id }) => id));
    for (const id of this.#answers.keys()) if (!known.has(id)) this.#answers.delete(id);
    const count = Math.min(ASKED_AT_ONCE, nodes.length);
    const asked = Array.from({ length: count }, (_, index) => nodes[(this.#turn + index) % nodes.length]).filter((node) => node !== undefined);
    this.#turn = nodes.length === 0 ? 0 : (this.#turn + count) % nodes.length;
    await Promise.all(asked.map(async ({ id, api }) => this.#answers.set(id, await this.#ask(id, api))));
  }

  async #ask(id: string, api: string): Promise<readonly SlowView[] | 'silent'> {
    try {
      return (await this.clients.at(api).slow(undefined, { deadlineMs: DEADLINE_MS })).map((reader) => slowView(id, reader));
    } catch {
      return 'silent'; // counted and shown as such
    }
  }

  #list(): SlowList {
    const answers = [...this.#answers.values()];
    const readers = answers.flatMap((answer) => (answer === 'silent' ? [] : answer)).sort((a, b) => b.ageMs - a.ageMs);
    return { readers: readers.slice(0, READERS_SHOWN), asked: answers.length, silent: answers.filter((answer) => answer === 'silent').length, atMs: Date.now() };
  }
}

function slowView(at: string, { group, client, child, queueBytes, ageMs, policy, isCounted, remedy }: SlowReader): SlowView {
  return {
    ...{ at, group, queueBytes: String(queueBytes), ageMs, holdsPublishers: isCounted, remedy },
    ...(client === undefined ? {} : { client }),
    ...(child === undefined ? {} : { child: child.id }),
    ...(policy === undefined ? {} : { policy }),
  };
}
