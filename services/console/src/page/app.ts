// The page: who is signed in, which view is shown, one stream for all of them.
import type { SessionView, WorldView } from '../contract.ts';
import { ask } from './ask.ts';
import { fill, h } from './dom.ts';
import { GroupsView } from './groups-view.ts';
import { AuditPage, ControlPage, SlowPage } from './list-views.ts';
import { RingView } from './ring-view.ts';
import { signInForm } from './sign-in.ts';
import { Store } from './store.ts';
import type { View } from './view.ts';

const PAGES = [['ring', 'Ring'], ['groups', 'Groups'], ['slow', 'Slow readers'], ['control', 'Control plane'], ['audit', 'Audit log']] as const;
type PageName = (typeof PAGES)[number][0];

const main = document.querySelector('main') ?? document.body;
const navigation = document.querySelector('nav') ?? document.body;
const status = document.querySelector('#status') ?? document.body;
const account = document.querySelector('#account') ?? document.body;

await begin();

async function begin(): Promise<void> {
  const answer = await ask<SessionView>('GET', '/api/session');
  if (answer.type === 'done') await show(answer.result);
  else askForToken(answer.status === 401 ? undefined : answer.message);
}

function askForToken(reason: string | undefined): void {
  fill(navigation);
  fill(account);
  status.textContent = '';
  fill(main, signInForm(reason, (session) => void show(session)));
}

async function show(session: SessionView): Promise<void> {
  const world = await ask<WorldView>('GET', '/api/world');
  if (world.type === 'failed') return askForToken(world.message);
  const store = new Store(session, world.result, draw, (reason) => (window.removeEventListener('hashchange', turn), askForToken(reason)));
  const choose = (id: string | undefined): void => {
    store.selected = id;
    store.follow(views[pageName()].topics());
    store.changed();
  };
  const views: Readonly<Record<PageName, View>> = {
    ring: new RingView(store, choose),
    groups: new GroupsView(store, chosenGroup),
    slow: new SlowPage(store),
    control: new ControlPage(store),
    audit: new AuditPage(store),
  };
  function turn(): void {
    const page = pageName();
    fill(navigation, ...PAGES.map(([name, title]) => h('a', { href: `#/${name}`, 'aria-current': name === page ? 'page' : undefined }, title)));
    fill(main, views[page].element);
    store.follow(views[page].topics());
    store.changed();
  }
  function draw(): void {
    status.textContent = store.isConnected ? 'live' : 'connection lost, trying again';
    status.className = store.isConnected ? 'good' : 'warn';
    views[pageName()].draw();
  }
  const signOut = async (): Promise<void> => {
    await ask('DELETE', '/api/session');
    store.close('');
  };
  fill(account, `${session.subject}${session.isAdmin ? '' : ' (reading)'}`, h('button', { type: 'button', onclick: () => void signOut() }, 'Sign out'));
  window.addEventListener('hashchange', turn);
  store.open();
  turn();
}

function pageName(): PageName {
  const name = location.hash.split('/')[1];
  return PAGES.find(([page]) => page === name)?.[0] ?? 'ring';
}

function chosenGroup(): string | undefined {
  const [, page, group] = location.hash.split('/');
  return page === 'groups' && group !== undefined && group !== '' ? decodeURIComponent(group) : undefined;
}
