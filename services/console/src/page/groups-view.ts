import type { PlaceView } from '../contract.ts';
import { ask } from './ask.ts';
import { fill, h, table } from './dom.ts';
import { shortId } from './format.ts';
import type { Store } from './store.ts';
import { TreeDrawing } from './tree-drawing.ts';
import { lagBehind } from './tree-layout.ts';
import type { View } from './view.ts';

/** The groups, and the tree of one, as it heals. */
export class GroupsView implements View {
  readonly element: HTMLElement;
  readonly #tree: TreeDrawing;
  readonly #list = h('div', {});
  readonly #title = h('h2', {});
  readonly #summary = h('p', { 'aria-live': 'polite' });
  readonly #members = h('div', {});
  readonly #said = h('p', { role: 'status' });

  constructor(
    private readonly store: Store,
    /** The chosen group. */
    private readonly group: () => string | undefined,
  ) {
    this.#tree = new TreeDrawing(store);
    this.element = h('div', { class: 'split narrow-first' },
      h('section', { class: 'side', 'aria-label': 'Groups' }, h('div', { class: 'card' }, h('h2', {}, 'Groups'), this.#list), store.session.isAdmin && this.#createForm()),
      h('section', { class: 'drawings card', 'aria-label': 'Tree' }, this.#title, this.#summary, h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'The tree' }, this.#tree.element), this.#members));
  }

  topics(): readonly string[] {
    const group = this.group();
    return ['groups', ...(group === undefined ? [] : [`tree:${group}`])];
  }

  draw(): void {
    const { groups } = this.store;
    const chosen = this.group();
    const rows = (groups?.groups ?? []).map(({ name, delivery, stripes }) => [
      h('a', { href: `#/groups/${encodeURIComponent(name)}`, 'aria-current': name === chosen ? 'true' : undefined }, name), delivery, String(stripes)]);
    fill(this.#list, groups?.fault !== undefined && h('p', { class: 'bad' }, groups.fault), table('Groups', ['Name', 'Delivery', 'Stripes'], rows, groups === undefined ? 'Asking the tree builder.' : 'There is no group that you may read.'));
    this.#drawTree(chosen);
  }

  #drawTree(chosen: string | undefined): void {
    this.#title.textContent = chosen ?? 'No group chosen';
    const tree = this.store.tree?.group === chosen ? this.store.tree : undefined;
    if (tree === undefined) {
      this.#summary.textContent = chosen === undefined ? 'Choose a group to see its tree.' : 'Waiting for the picture of the tree.';
      fill(this.#tree.element);
      return fill(this.#members);
    }
    this.#tree.draw();
    fill(this.#summary, ...this.#summarized(tree.places, tree.fault));
    const byId = new Map(tree.places.map((place) => [place.id, place]));
    const rows = tree.places.map((place) => [h('code', { title: place.id }, shortId(place.id)), `${place.role}${place.isVoter ? ', voter' : ''}`, place.parent === undefined ? '–' : h('code', { title: place.parent }, shortId(place.parent)), lagText(place, byId), String(place.subscriptions), this.#reached(place), place.region]);
    fill(this.#members, table('Members of the tree', ['Node', 'Role', 'Parent', 'Lag', 'Subscriptions', 'Coverage', 'Region'], rows, 'No node is in this tree: nobody publishes or subscribes.'));
  }

  #summarized(places: readonly PlaceView[], fault: string | undefined): readonly (Node | string)[] {
    if (fault !== undefined) return [h('span', { class: 'bad' }, fault)];
    const coverage = this.store.coverage?.group === this.group() ? this.store.coverage : undefined;
    const subscriptions = places.reduce((sum, place) => sum + place.subscriptions, 0);
    const size = `${places.length} nodes, ${subscriptions} subscriptions. `;
    if (coverage === undefined) return [size, 'The root has not told who has what.'];
    const missing = coverage.missing.length > 0 ? ` Missing: ${coverage.missing.map(shortId).join(', ')}.` : '';
    return [size, h('span', { class: coverage.covered === coverage.members ? 'good' : 'warn' }, `${coverage.covered} of ${coverage.members} members have everything up to ${coverage.reached}`), ` (committed ${coverage.committed}).${missing}`];
  }

  #reached({ id, subscriptions }: PlaceView): string {
    const { coverage } = this.store;
    if (subscriptions === 0 || coverage === undefined) return '–';
    const lag = coverage.behind.find((member) => member.id === id);
    return lag === undefined ? `up to ${coverage.reached}` : `up to ${lag.reached}`;
  }

  #createForm(): HTMLElement {
    const name = h('input', { id: 'group-name', required: true, maxlength: 200, placeholder: 'owner/segment', autocomplete: 'off', spellcheck: 'false' });
    const delivery = h('select', { id: 'group-delivery' }, ...['reliable', 'ordered', 'best-effort'].map((value) => h('option', {}, value)));
    const stripes = h('input', { id: 'group-stripes', type: 'number', min: 1, max: 16, value: 1 });
    const submit = async (): Promise<void> => {
      const answer = await ask<{ readonly name: string }>('POST', '/api/groups', { name: name.value, delivery: delivery.value, stripes: Number(stripes.value) });
      this.#said.className = answer.type === 'done' ? 'good' : 'bad';
      this.#said.textContent = answer.type === 'done' ? `${answer.result.name} is there.` : answer.message;
      if (answer.type === 'done') location.hash = `#/groups/${encodeURIComponent(answer.result.name)}`;
    };
    return h('form', { class: 'card', onsubmit: (event) => (event.preventDefault(), void submit()) }, h('h2', {}, 'New group'),
      h('div', { class: 'grid' }, h('label', { for: 'group-name' }, 'Name'), name, h('label', { for: 'group-delivery' }, 'Delivery'), delivery, h('label', { for: 'group-stripes' }, 'Stripes'), stripes),
      h('button', {}, 'Create'), this.#said);
  }
}

function lagText(place: PlaceView, byId: ReadonlyMap<string, PlaceView>): string {
  const parent = byId.get(place.parent ?? '');
  return parent === undefined ? '–' : String(lagBehind(parent, place));
}
