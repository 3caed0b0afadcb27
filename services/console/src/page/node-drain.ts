// Draining the chosen node: asked twice, then its seven steps as they go on.
import type { DrainView } from '../contract.ts';
import { ask } from './ask.ts';
import { fill, h, table } from './dom.ts';
import { duration, shortId } from './format.ts';
import type { Store } from './store.ts';

const MEANINGS: Readonly<Record<string, string>> = {
  refuse: 'is off the lists, takes nothing new',
  roots: 'others number its groups',
  voters: 'others vote in its place',
  children: 'its children have other parents',
  clients: 'its clients went on elsewhere',
  range: 'its neighbors own its keys',
  leave: 'its links are closed',
};
const CLASSES = { waiting: 'empty', running: 'warn', done: 'good', late: 'bad' } as const;

/** The part of a node's card that drains it. */
export class NodeDrain {
  readonly element = h('div', { class: 'drain', 'aria-live': 'polite' });
  #asked: string | undefined;
  #failure: { readonly id: string; readonly message: string } | undefined;
  #drawn = '';

  constructor(private readonly store: Store) {}

  draw(): void {
    const { selected, drains, nodes } = this.store;
    const drain = selected === undefined ? undefined : drains.get(selected);
    // Buttons are not made anew while somebody is about to press them.
    const shown = JSON.stringify([selected, this.#asked, this.#failure, drain, nodes.has(selected ?? '')]);
    if (shown === this.#drawn) return;
    this.#drawn = shown;
    if (selected === undefined) return fill(this.element);
    const failure = this.#failure?.id === selected ? this.#failure.message : undefined;
    fill(this.element, drain === undefined ? this.#question(selected) : progress(drain), failure !== undefined && h('p', { class: 'bad', role: 'alert' }, failure));
  }

  #question(id: string): HTMLElement {
    if (this.#asked !== id) return h('p', {}, h('button', { type: 'button', class: 'quiet', onclick: () => this.#ask(id) }, 'Drain this node…'));
    return h('div', { class: 'line', role: 'group', 'aria-label': `Drain ${shortId(id)}` }, h('span', {}, `Take ${shortId(id)} out of the ring? What it does is handed over first.`),
      h('button', { type: 'button', onclick: () => void this.#begin(id) }, 'Drain'), h('button', { type: 'button', class: 'quiet', onclick: () => this.#ask(undefined) }, 'Cancel'));
  }

  #ask(id: string | undefined): void {
    this.#asked = id;
    this.store.changed();
  }

  async #begin(id: string): Promise<void> {
    this.#asked = undefined;
    this.store.changed();
    const answer = await ask('POST', `/api/nodes/${id}/drain`);
    this.#failure = answer.type === 'failed' ? { id, message: answer.message } : undefined;
    this.store.changed();
  }
}

function progress({ steps, isDone, fault }: DrainView): HTMLElement {
  const late = steps.filter(({ state }) => state === 'late').length;
  const end = fault ?? (late > 0 ? 'It has left, but not in order: see what is left.' : 'It has left the ring; stop the process, or start it again to have it back.');
  const rows = steps.map(({ name, state, left, deadlineMs, elapsedMs }) => [name, MEANINGS[name] ?? '', h('span', { class: CLASSES[state] }, state), String(left), state === 'waiting' ? `by ${duration(deadlineMs)}` : duration(elapsedMs)]);
  return h('div', {}, h('h3', {}, isDone ? 'Drained' : 'Draining'), table('Steps of the drain', ['Step', 'What', 'State', 'Left', 'Time'], rows, 'Asking the node.'), isDone && h('p', { class: fault === undefined && late === 0 ? 'good' : 'bad' }, end));
}
