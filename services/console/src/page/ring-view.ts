import type { RingEvent, RouteView } from '../contract.ts';
import { ask } from './ask.ts';
import { fill, h, table } from './dom.ts';
import { clock, duration, measured, ruleName, shortId } from './format.ts';
import { NodeDrain } from './node-drain.ts';
import { MapDrawing } from './map-drawing.ts';
import { RegionColors } from './region-colors.ts';
import { RingDrawing } from './ring-drawing.ts';
import type { Store } from './store.ts';
import type { View } from './view.ts';

const EVENTS_SHOWN = 12;
const WORDS: Readonly<Record<RingEvent['type'], string>> = { came: 'came', gone: 'is gone', restarted: 'restarted', ready: 'is ready', unready: 'is not ready' };

/** The ring and the world, the chosen node, routes, and what happened. */
export class RingView implements View {
  readonly element: HTMLElement;
  readonly #colors = new RegionColors();
  readonly #ring: RingDrawing;
  readonly #map: MapDrawing;
  readonly #legend = h('ul', { class: 'legend' });
  readonly #node = h('div', {});
  readonly #drain: NodeDrain;
  readonly #hops = h('div', { 'aria-live': 'polite' });
  readonly #events = h('div', {});
  readonly #key = h('input', { id: 'route-key', name: 'key', required: true, maxlength: 256, placeholder: 'a name, or 32 hex digits', autocomplete: 'off', spellcheck: 'false' });
  #failure: string | undefined;

  constructor(
    private readonly store: Store,
    private readonly choose: (id: string | undefined) => void,
  ) {
    this.#drain = new NodeDrain(store);
    this.#ring = new RingDrawing(store, this.#colors, choose);
    this.#map = new MapDrawing(store, this.#colors, choose);
    const find = h('input', { id: 'find', type: 'search', placeholder: 'first digits of an id', autocomplete: 'off', spellcheck: 'false', oninput: () => this.#find(find.value) });
    const form = h('form', { class: 'line', onsubmit: (event) => (event.preventDefault(), void this.#trace()) }, h('label', { for: 'route-key' }, 'Key'), this.#key, h('button', {}, 'Show route'));
    this.element = h('div', { class: 'split' },
      h('section', { class: 'drawings', 'aria-label': 'Drawings' }, this.#ring.element, this.#map.element, this.#legend),
      h('section', { class: 'side', 'aria-label': 'Details' },
        h('div', { class: 'card' }, h('h2', {}, 'Node'), h('div', { class: 'line' }, h('label', { for: 'find' }, 'Find'), find), this.#node, store.session.isAdmin && this.#drain.element),
        h('div', { class: 'card' }, h('h2', {}, 'Route'), store.session.canRoute ? form : h('p', { class: 'empty' }, 'Your token does not carry the scope route.'), this.#hops),
        h('div', { class: 'card' }, h('h2', {}, 'What happened'), this.#events)));
  }

  topics(): readonly string[] {
    const { selected, session } = this.store;
    return ['ring', ...(selected === undefined ? [] : [`leaves:${selected}`, ...(session.isAdmin ? [`drain:${selected}`] : [])])];
  }

  draw(): void {
    this.#ring.draw();
    this.#map.draw();
    fill(this.#legend, ...this.#colors.regions.map((region) => h('li', { class: this.#colors.classOf(region) }, region)), this.#regionHint());
    this.#drawNode();
    this.#drain.draw();
    this.#drawHops();
    const events = this.store.events.slice(-EVENTS_SHOWN).reverse();
    fill(this.#events, table('What happened', ['When', 'Node', 'What'], events.map(({ atMs, id, type }) => [clock(atMs), this.#link(id), WORDS[type]]), 'Nothing came, went or restarted since the console looks.'));
  }

  #regionHint(): HTMLElement | false {
    const nowhere = [...this.store.nodes.values()].filter(({ region }) => region === '').length;
    return nowhere > 0 && h('li', { class: 'region-none' }, `${nowhere} without a region`);
  }

  #drawNode(): void {
    const { selected, nodes, leaves } = this.store;
    if (selected === undefined) return fill(this.#node, h('p', { class: 'empty' }, 'Choose a node: click it, or use the arrow keys on the ring.'));
    const node = nodes.get(selected);
    if (node === undefined) return fill(this.#node, h('p', {}, h('code', {}, selected)), h('p', { class: 'bad' }, 'This node is gone.'));
    const own = leaves?.id === selected ? leaves : undefined;
    fill(this.#node,
      h('dl', {},
        ...pair('Id', h('code', {}, node.id)), ...pair('State', h('span', { class: node.ready ? 'good' : 'warn' }, node.ready ? 'ready' : 'not ready')),
        ...pair('Region', node.region === '' ? 'none told' : `${node.region}${node.zone === '' ? '' : ` / ${node.zone}`}`), ...pair('API', node.api ?? 'not known'),
        ...pair('Load', node.load === undefined ? '–' : `${Math.round(node.load * 100)} %`), ...pair('Capacity', `${node.capacity} children`),
        ...pair('Leaf set', own?.fault ?? (own === undefined ? 'asking' : `${own.leaves.length} nodes`))),
      own !== undefined && own.leaves.length > 0 && h('p', { class: 'chips' }, ...own.leaves.map((id) => this.#link(id))));
  }

  #drawHops(): void {
    const { route } = this.store;
    if (this.#failure !== undefined) return fill(this.#hops, h('p', { class: 'bad', role: 'alert' }, this.#failure));
    if (route === undefined) return fill(this.#hops, h('p', { class: 'empty' }, 'The way of a message to the root of a key, from the chosen node. Nothing is delivered.'));
    const rows = route.hops.map((hop, index) => [String(index + 1), this.#link(hop.at), this.#link(hop.to), ruleName(hop.rule, hop.row, hop.column), measured(hop.roundTripMs), duration(hop.waitMs)]);
    fill(this.#hops,
      h('p', {}, `${route.hops.length} ${route.hops.length === 1 ? 'hop' : 'hops'} in ${duration(route.elapsedMs)}; straight: ${measured(route.directRoundTripMs)}. Root: `, this.#link(route.root)),
      table('Hops', ['#', 'From', 'To', 'Rule', 'Round trip', 'Wait'], rows, 'The node is the root of this key itself.'));
  }

  async #trace(): Promise<void> {
    const { selected } = this.store;
    const answer = await ask<RouteView>('POST', '/api/route', { key: this.#key.value, ...(selected === undefined ? {} : { from: selected }) });
    this.#failure = answer.type === 'failed' ? answer.message : undefined;
    this.store.route = answer.type === 'done' ? answer.result : undefined;
    this.store.changed();
  }

  #find(text: string): void {
    const found = text === '' ? undefined : [...this.store.nodes.keys()].sort().find((id) => id.startsWith(text.toLowerCase()));
    if (found !== undefined) this.choose(found);
  }

  #link(id: string): HTMLElement {
    return h('button', { class: 'id', type: 'button', title: id, onclick: () => this.choose(id) }, shortId(id));
  }
}

function pair(term: string, value: Node | string): readonly HTMLElement[] {
  return [h('dt', {}, term), h('dd', {}, value)];
}
