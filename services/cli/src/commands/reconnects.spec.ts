import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { OverlayError } from '@banyan/grpc';
import type { Io } from '../io.ts';
import { noteReconnect } from './reconnects.ts';

it('tells fewer and fewer of the vain attempts in a row', () => {
  const stderr = new PassThrough();
  const io: Pick<Io, 'stderr'> = { stderr };
  for (let attempt = 1; attempt <= 84; attempt++) noteReconnect(io, { lost: '127.0.0.1:1', error: new OverlayError('UNREACHABLE', 'gone'), attempt });
  const lines = String(stderr.read()).trim().split('\n');
  expect(lines).toHaveLength(7);
  expect(lines[0]).toBe('banyan: lost 127.0.0.1:1 (UNREACHABLE), going on at another node');
  expect(lines.at(-1)).toMatch(/, attempt 64$/);
});
