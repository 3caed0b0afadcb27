// The pages that are lists: slow readers, the control plane, the audit log.
import { fill, h, table } from './dom.ts';
import { bytes, clock, duration, measured, shortId } from './format.ts';
import type { Store } from './store.ts';
import type { View } from './view.ts';

/** Who reads too slowly. */
export class SlowPage implements View {
  readonly element = h('section', { class: 'card' });

  constructor(private readonly store: Store) {}

  topics(): readonly string[] {
    return ['slow'];
  }

  draw(): void {
    const { slow } = this.store;
    const rows = (slow?.readers ?? []).map((reader) => [
      reader.client ?? (reader.child === undefined ? '–' : h('code', { title: reader.child }, `node ${shortId(reader.child)}`)), reader.group, h('code', { title: reader.at }, shortId(reader.at)), bytes(reader.queueBytes), duration(reader.ageMs),
      `${reader.policy ?? 'child'}${reader.holdsPublishers ? ', holds publishers' : ''}`, reader.remedy]);
    fill(this.element, h('h2', {}, 'Slow readers'),
      slow !== undefined && h('p', { 'aria-live': 'polite' }, `${slow.readers.length === 0 ? 'Nobody keeps anybody waiting' : `${slow.readers.length} slow`}; ${slow.asked} nodes asked${slow.silent === 0 ? '' : `, ${slow.silent} silent`}, at ${clock(slow.atMs)}.`),
      table('Slow readers', ['Who', 'Group', 'At node', 'Waits for him', 'For', 'Policy', 'What to do'], rows, slow === undefined ? 'Asking the nodes.' : 'Subscribers and children that take messages more slowly than they come would stand here.'));
  }
}

const STATES = { serving: ['good', 'serving'], notServing: ['warn', 'not serving'], unreachable: ['bad', 'unreachable'] } as const;

/** Is the control plane there. */
export class ControlPage implements View {
  readonly element = h('section', {});

  constructor(private readonly store: Store) {}

  topics(): readonly string[] {
    return ['control'];
  }

  draw(): void {
    const { control } = this.store;
    if (control === undefined) return fill(this.element, h('p', { class: 'empty' }, 'Asking the services.'));
    fill(this.element, h('div', { class: 'cards' },
      ...control.services.map(({ name, address, state, roundTripMs, meaning, fault, sinceMs }) => h('article', { class: `card state-${STATES[state][0]}` }, h('h2', {}, name),
        h('p', { class: `big ${STATES[state][0]}` }, STATES[state][1]), h('p', {}, `${address}, round trip ${measured(roundTripMs)}, so since ${clock(sinceMs)}`), fault !== undefined && h('p', { class: 'bad' }, fault), h('p', { class: 'empty' }, meaning))),
      h('article', { class: 'card state-good' }, h('h2', {}, 'nodes'), h('p', { class: `big ${control.nodes.ready < control.nodes.known ? 'warn' : 'good'}` }, `${control.nodes.ready} of ${control.nodes.known} ready`), h('p', { class: 'empty' }, 'The ring goes on without the control plane; enrolment, tokens and changes of groups wait.'))),
      h('p', { class: 'empty' }, `Asked at ${clock(control.atMs)}, every two seconds.`));
  }
}

/** Who did what. */
export class AuditPage implements View {
  readonly element = h('section', { class: 'card' });

  constructor(private readonly store: Store) {}

  topics(): readonly string[] {
    return this.store.session.isAdmin ? ['audit'] : [];
  }

  draw(): void {
    const rows = this.store.audit.toReversed().map(({ atMs, subject, action, target, outcome, detail }) => [new Date(atMs).toLocaleString(), subject, action, target, h('span', { class: outcome === 'done' ? 'good' : outcome === 'asked' ? '' : 'bad' }, outcome), detail ?? '']);
    fill(this.element, h('h2', {}, 'Audit log'), table('Audit log', ['When', 'Who', 'Action', 'On', 'Outcome', 'Detail'], rows, this.store.session.isAdmin ? 'Nobody has changed anything through this console yet.' : 'The audit log is for tokens with the scope admin.'));
  }
}
