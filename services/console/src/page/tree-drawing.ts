// A group's tree: the root on top, an edge from each child to its parent with its lag, members that have less than the
// others marked, members that are not attached hanging free.
import type { PlaceView } from '../contract.ts';
import { fill, s } from './dom.ts';
import { shortId } from './format.ts';
import type { Store } from './store.ts';
import { lagBehind, layOut, type PlacedMember } from './tree-layout.ts';

const [ROW, MARGIN, TEXT_MAX] = [84, 46, 40];

/** The drawing of a tree. */
export class TreeDrawing {
  readonly element = s('svg', { class: 'tree', role: 'img', 'aria-label': 'The tree of the group; the table below says the same' });

  constructor(private readonly store: Store) {}

  draw(): void {
    const { tree } = this.store;
    const members = layOut(tree?.places ?? []);
    const columns = Math.max(1, ...members.map(({ column }) => column + 1));
    const rows = Math.max(1, ...members.map(({ depth }) => depth + 1));
    const spacing = columns > TEXT_MAX ? 14 : 78;
    const [width, height] = [Math.max(320, columns * spacing + MARGIN), rows * ROW];
    this.element.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.element.style.minWidth = columns > TEXT_MAX ? `${width / 2}px` : `${Math.min(width, 900)}px`;
    const left = (width - (columns - 1) * spacing) / 2;
    const at = ({ column, depth }: PlacedMember) => ({ x: left + column * spacing, y: 34 + depth * ROW });
    const byId = new Map(members.map((member) => [member.place.id, member]));
    fill(this.element, ...members.flatMap((member) => this.#edge(member, byId, at)), ...members.map((member) => this.#member(member, at(member), columns <= TEXT_MAX)));
  }

  #edge(member: PlacedMember, byId: ReadonlyMap<string, PlacedMember>, at: (member: PlacedMember) => { readonly x: number; readonly y: number }): SVGElement[] {
    const parent = byId.get(member.place.parent ?? '');
    if (parent === undefined) return [];
    const [from, to] = [at(parent), at(member)];
    const lag = lagBehind(parent.place, member.place);
    const line = s('path', { class: `edge ${!member.isAttached ? 'broken' : lag > 0n ? 'lagging' : ''}`, d: `M${from.x} ${from.y}C${from.x} ${from.y + ROW / 2} ${to.x} ${to.y - ROW / 2} ${to.x} ${to.y}` });
    return lag === 0n || !member.isAttached ? [line] : [line, s('text', { class: 'lag', x: (from.x + to.x) / 2 + 4, y: (from.y + to.y) / 2 }, `−${lag}`)];
  }

  #member({ place, isAttached }: PlacedMember, { x, y }: { readonly x: number; readonly y: number }, hasText: boolean): SVGElement {
    const state = isAttached ? this.#coverage(place) : 'loose';
    return s('g', { class: `member ${place.role} ${state}` },
      s('circle', { cx: x, cy: y, r: place.role === 'root' ? 11 : place.role === 'forwarder' ? 8 : 6 }), place.isVoter ? s('circle', { class: 'voter', cx: x, cy: y, r: 14 }) : undefined,
      hasText ? s('text', { x, y: place.role === 'root' ? y - 18 : y + 26 }, shortId(place.id)) : undefined, s('title', {}, `${place.id}, ${place.role}${place.isVoter ? ', voter' : ''}, ${place.subscriptions} subscriptions, ${state}`));
  }

  #coverage({ id, subscriptions }: PlaceView): string {
    const { coverage } = this.store;
    if (subscriptions === 0) return 'passing';
    return coverage?.behind.some((lag) => lag.id === id) === true ? 'behind' : 'covered';
  }
}
