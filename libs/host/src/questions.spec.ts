import { describe, expect, it } from 'vitest';
import { keyOfName } from '@banyan/identity';
import { OverlayError } from '@banyan/grpc';
import { Attachments } from './attachments.ts';
import type { HostInput } from './machine.ts';
import { Questions, type QuestionPorts } from './questions.ts';

const key = keyOfName('anything');

function asking(ports: Partial<QuestionPorts> = {}): { readonly questions: Questions; readonly posted: HostInput[] } {
  const posted: HostInput[] = [];
  const post = (input: HostInput): boolean => posted.push(input) > 0;
  return { posted, questions: new Questions({ post, isReady: () => true, roundTripMs: () => undefined, asked: () => undefined, ...ports }) };
}

describe('a question', () => {
  it('fails with ROUTE_TIMEOUT when the machine gives up, and when its own time is over', async () => {
    const { questions } = asking();
    const [lookup, route] = [questions.lookup(key, {}), questions.route({ key, application: 'echo', payload: new Uint8Array() }, {})];
    questions.onLookup({ type: 'failed', requestId: 1, key, reason: 'timeout' });
    questions.onRoute({ type: 'routeFailed', requestId: 2, reason: 'timeout' });
    for (const answer of [lookup, route, questions.trace(key, { timeoutMs: 1 })]) await expect(answer).rejects.toMatchObject({ reason: 'ROUTE_TIMEOUT' });
  });

  it('fails with BUSY when the inbox is full, CANCELLED when the caller goes, NOT_READY before the ring, STOPPING at the end', async () => {
    await expect(asking({ post: () => false }).questions.lookup(key, {})).rejects.toMatchObject({ reason: 'BUSY', retryAfterMs: 1_000 });
    await expect(asking({ isReady: () => false }).questions.trace(key, {})).rejects.toMatchObject({ reason: 'NOT_READY' });
    const { questions } = asking();
    const caller = new AbortController();
    const left = questions.lookup(key, { signal: caller.signal });
    caller.abort();
    await expect(left).rejects.toMatchObject({ reason: 'CANCELLED' });
    const open = questions.lookup(key, {});
    questions.failAll(new OverlayError('STOPPING', 'this node stops'));
    await expect(open).rejects.toMatchObject({ reason: 'STOPPING' });
  });
});

it('an application that does not read is detached with APPLICATION_SLOW, and its name is free again', async () => {
  const posted: HostInput[] = [];
  const attachments = new Attachments((input) => void posted.push(input));
  const attachment = attachments.attach('idle', []);
  for (let i = 0; i <= 1_024; i++) attachments.on({ type: 'leafSetChanged', application: 'idle', gained: [], lost: [], merged: false });
  const events = attachment[Symbol.asyncIterator]();
  for (let i = 0; i < 1_024; i++) await events.next();
  await expect(events.next()).rejects.toMatchObject({ reason: 'APPLICATION_SLOW' });
  expect(posted.at(-1)).toMatchObject({ app: 'attached', command: { type: 'detach', name: 'idle' } });
  attachments.attach('idle', []).close();
});
