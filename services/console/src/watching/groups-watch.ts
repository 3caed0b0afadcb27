import type { Client } from '@banyan/client';
import { parseStatus } from '@banyan/grpc';
import type { GroupView, StreamEvents } from '../contract.ts';
import { rest, type Tell, type TopicSource } from './topic.ts';

const LOOK_EVERY_MS = 1_000;
/** Groups shown at most; the page says when there are more. */
export const GROUPS_MAX = 1_000;

/** The groups that the holder of a client's token may read. Closes the client in the end. */
export class GroupsWatch implements TopicSource {
  #last: StreamEvents['groups'] | undefined;

  constructor(private readonly client: Client) {}

  welcome(tell: Tell): void {
    if (this.#last !== undefined) tell('groups', this.#last);
  }

  async watch(tell: Tell, signal: AbortSignal): Promise<void> {
    let told = '';
    while (!signal.aborted) {
      this.#last = await this.#look();
      const text = JSON.stringify(this.#last);
      if (text !== told) tell('groups', this.#last);
      told = text;
      await rest(LOOK_EVERY_MS, signal);
    }
    this.client.close();
  }

  async #look(): Promise<StreamEvents['groups']> {
    const groups: GroupView[] = [];
    try {
      for await (const { name, key, delivery, stripes, fanOutMax } of this.client.groups.list()) {
        if (groups.length >= GROUPS_MAX) return { groups, fault: `only the first ${GROUPS_MAX} groups are shown` };
        groups.push({ name, key, delivery, stripes, fanOutMax });
      }
      return { groups };
    } catch (error) {
      return { groups: this.#last?.groups ?? [], fault: parseStatus(error).message };
    }
  }
}
