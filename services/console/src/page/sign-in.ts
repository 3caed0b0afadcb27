import type { SessionView } from '../contract.ts';
import { ask } from './ask.ts';
import { h } from './dom.ts';

/** The form that asks for a token. */
export function signInForm(reason: string | undefined, signedIn: (session: SessionView) => void): HTMLElement {
  const said = h('p', { class: 'bad', role: 'alert' }, reason ?? '');
  const token = h('textarea', { id: 'token', rows: 5, required: true, autocomplete: 'off', spellcheck: 'false', autofocus: true, placeholder: 'eyJ…' });
  const submit = async (): Promise<void> => {
    const answer = await ask<SessionView>('POST', '/api/session', { token: token.value });
    if (answer.type === 'done') signedIn(answer.result);
    else said.textContent = answer.message;
  };
  return h('form', { class: 'card sign-in', onsubmit: (event) => (event.preventDefault(), void submit()) },
    h('h2', {}, 'Sign in'), h('p', {}, 'Paste a client token of this overlay. For a local overlay it is the text of ', h('code', {}, '.banyan/token'), '; elsewhere ', h('code', {}, 'npx banyan token'), ' asks for one.'),
    h('label', { for: 'token' }, 'Token'), token, h('button', {}, 'Sign in'), said);
}
