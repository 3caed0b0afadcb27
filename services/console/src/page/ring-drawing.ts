// The ring: a mark for each node, the leaf set of the chosen one, and a route. Marks are kept between drawings, so that a
// ring of a thousand nodes is not built again for every change.
import type { NodeView } from '../contract.ts';
import { fill, s } from './dom.ts';
import { shortId } from './format.ts';
import type { RegionColors } from './region-colors.ts';
import { chord, neighborOf, pointAt, turnOf } from './ring-geometry.ts';
import type { Store } from './store.ts';

const RADIUS = 200;
const CROWD = 150;

/** The drawing of the ring; arrows move the choice along it. */
export class RingDrawing {
  readonly element: SVGSVGElement;
  readonly #marks = new Map<string, SVGCircleElement>();
  readonly #leaves = s('g', { class: 'leaf-links' });
  readonly #route = s('g', { class: 'route' });
  readonly #nodes = s('g', {});
  readonly #label = s('text', { class: 'ring-label', y: -6 });
  readonly #sublabel = s('text', { class: 'ring-sublabel', y: 16 });
  #routeDrawn: unknown;

  constructor(
    private readonly store: Store,
    private readonly colors: RegionColors,
    private readonly choose: (id: string | undefined) => void,
  ) {
    this.element = s('svg', { class: 'ring', viewBox: '-240 -240 480 480', role: 'application', tabindex: 0, 'aria-label': 'The ring. Arrow keys choose a node, Escape none.', onkeydown: (event) => this.#onKey(event as KeyboardEvent) },
      s('circle', { class: 'ring-line', r: RADIUS }), this.#leaves, this.#route, this.#nodes, this.#label, this.#sublabel);
  }

  draw(): void {
    const { nodes, selected, leaves, route } = this.store;
    const neighbors = new Set(selected !== undefined && leaves?.id === selected ? leaves.leaves : []);
    const onRoute = new Set(route === undefined ? [] : [route.from, ...route.hops.map(({ to }) => to)]);
    for (const [id, mark] of this.#marks) {
      if (nodes.has(id)) continue;
      mark.remove();
      this.#marks.delete(id);
    }
    const size = nodes.size > CROWD ? 3 : 7;
    for (const node of nodes.values()) {
      const mark = this.#mark(node);
      const states = [node.ready ? '' : 'unready', node.id === selected ? 'chosen' : '', neighbors.has(node.id) ? 'leaf' : '', onRoute.has(node.id) ? 'hop' : ''];
      set(mark, 'class', ['node', this.colors.classOf(node.region), ...states].filter((name) => name !== '').join(' '));
      set(mark, 'r', String(node.id === selected || onRoute.has(node.id) ? size + 3 : size));
    }
    const chosen = this.#marks.get(selected ?? '');
    if (chosen !== undefined && chosen !== this.#nodes.lastChild) this.#nodes.append(chosen); // above the others
    this.#drawLeaves(selected, neighbors);
    this.#drawRoute();
    const ready = [...nodes.values()].filter((node) => node.ready).length;
    this.#label.textContent = selected === undefined ? `${nodes.size} nodes` : shortId(selected);
    this.#sublabel.textContent = selected === undefined ? `${ready} ready` : neighbors.size > 0 ? `leaf set of ${neighbors.size}` : (nodes.get(selected)?.region ?? 'gone');
  }

  #mark(node: NodeView): SVGCircleElement {
    const known = this.#marks.get(node.id);
    if (known !== undefined) return known;
    const { x, y } = pointAt(turnOf(node.id), RADIUS);
    const mark = s('circle', { cx: x, cy: y, 'data-id': node.id, onclick: () => this.choose(node.id) }, s('title', {}, `${node.id} ${node.region}`));
    this.#marks.set(node.id, mark);
    this.#nodes.append(mark);
    return mark;
  }

  #drawLeaves(selected: string | undefined, neighbors: ReadonlySet<string>): void {
    if (selected === undefined) return fill(this.#leaves);
    const from = pointAt(turnOf(selected), RADIUS);
    fill(this.#leaves, ...[...neighbors].map((id) => s('path', { d: chord(from, pointAt(turnOf(id), RADIUS)) })));
  }

  // A route is drawn once, so that its hops appear one after the other and then stay.
  #drawRoute(): void {
    const { route } = this.store;
    if (route === this.#routeDrawn) return;
    this.#routeDrawn = route;
    if (route === undefined) return fill(this.#route);
    const key = pointAt(turnOf(route.key), RADIUS + 18);
    fill(this.#route,
      ...route.hops.map(({ at, to }, index) => s('path', { class: `hop-line delay-${Math.min(index, 7)}`, pathLength: 1, d: chord(pointAt(turnOf(at), RADIUS), pointAt(turnOf(to), RADIUS)) })),
      s('path', { class: 'key-mark', d: `M${key.x - 6} ${key.y}l6 -6l6 6l-6 6Z` }, s('title', {}, `key ${route.key}`)));
  }

  #onKey(event: KeyboardEvent): void {
    const step = event.key === 'ArrowRight' || event.key === 'ArrowDown' ? 1 : event.key === 'ArrowLeft' || event.key === 'ArrowUp' ? -1 : undefined;
    if (step === undefined && event.key !== 'Escape') return;
    event.preventDefault();
    this.choose(step === undefined ? undefined : neighborOf([...this.store.nodes.keys()].sort(), this.store.selected, step));
  }
}

function set(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
