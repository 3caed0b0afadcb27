// The world: nodes where their regions lie, a route over it. Nodes whose region has no known place stand in a line below.
import { fill, s } from './dom.ts';
import { around, outlinePath, placeOf, project, WORLD_WIDTH } from './projection.ts';
import type { RegionColors } from './region-colors.ts';
import type { Point } from './ring-geometry.ts';
import type { Store } from './store.ts';

const [TOP, HEIGHT] = [-134, 262];
const NOWHERE_Y = TOP + HEIGHT - 12;
const NOWHERE_SPACING = 8;
// However many nodes a region has, they stay on its continent.
const [SPACING_MAX, CROWD_RADIUS] = [3, 24];
const CROWD = 150;

/** The drawing of the world. */
export class MapDrawing {
  readonly element: SVGSVGElement;
  readonly #nodes = s('g', {});
  readonly #route = s('g', { class: 'route' });
  #drawn = '';

  constructor(
    private readonly store: Store,
    private readonly colors: RegionColors,
    private readonly choose: (id: string) => void,
  ) {
    this.element = s('svg', { class: 'map', viewBox: `${-WORLD_WIDTH / 2} ${TOP} ${WORLD_WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': 'Nodes on a map of the world, by region' },
      s('path', { class: 'land', d: store.world.outline.map(outlinePath).join('') }), this.#route, this.#nodes);
  }

  draw(): void {
    const { nodes, selected, route } = this.store;
    const shown = JSON.stringify([selected, route?.key, route?.elapsedMs, [...nodes.values()].map(({ id, region, ready }) => [id, region, ready])]);
    if (shown === this.#drawn) return;
    this.#drawn = shown;
    const points = this.#points();
    const onRoute = new Set(route === undefined ? [] : [route.from, ...route.hops.map(({ to }) => to)]);
    fill(this.#nodes, ...[...points].map(([id, { x, y }]) => {
      const node = nodes.get(id);
      const states = `${node?.ready === false ? 'unready' : ''} ${id === selected ? 'chosen' : ''} ${onRoute.has(id) ? 'hop' : ''}`;
      return s('circle', { class: `node ${this.colors.classOf(node?.region ?? '')} ${states}`, cx: x, cy: y, r: id === selected || onRoute.has(id) ? 4 : nodes.size > CROWD ? 1.4 : 2.5, onclick: () => this.choose(id) }, s('title', {}, `${id} ${node?.region ?? ''}`));
    }));
    fill(this.#route, ...(route?.hops ?? []).map(({ at, to }, index) => s('path', { class: `hop-line delay-${Math.min(index, 7)}`, pathLength: 1, d: arc(points.get(at), points.get(to)) })));
  }

  #points(): ReadonlyMap<string, Point> {
    const total = Map.groupBy(this.store.nodes.values(), ({ region }) => placeOf(region, this.store.world.regions)?.join() ?? 'nowhere');
    const count = new Map<string, number>();
    const points = new Map<string, Point>();
    for (const { id, region } of [...this.store.nodes.values()].sort((a, b) => (a.id < b.id ? -1 : 1))) {
      const place = placeOf(region, this.store.world.regions);
      const where = place === undefined ? 'nowhere' : place.join();
      const index = count.get(where) ?? 0;
      count.set(where, index + 1);
      const line = Math.floor(index / 60);
      points.set(id, place === undefined ? { x: -WORLD_WIDTH / 2 + 20 + (index % 60) * NOWHERE_SPACING, y: NOWHERE_Y - line * NOWHERE_SPACING } : around(project(place[1], place[0]), index, Math.min(SPACING_MAX, CROWD_RADIUS / Math.sqrt(total.get(where)?.length ?? 1))));
    }
    return points;
  }
}

function arc(from: Point | undefined, to: Point | undefined): string {
  if (from === undefined || to === undefined) return '';
  const lift = Math.hypot(to.x - from.x, to.y - from.y) * 0.2 + 4;
  return `M${from.x} ${from.y}Q${(from.x + to.x) / 2} ${(from.y + to.y) / 2 - lift} ${to.x} ${to.y}`;
}
