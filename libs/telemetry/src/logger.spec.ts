import { describe, expect, it } from 'vitest';
import { createLogger, withTrace, type LogLevel } from './logger.ts';

function capture(level: LogLevel) {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({ service: 'auth', name: 'auth-1', level, destination: { write: (line) => void lines.push(JSON.parse(line)) } });
  return { logger, lines };
}

describe('createLogger', () => {
  it('writes an event with the process it happened in', () => {
    const { logger, lines } = capture('info');
    logger.info({ event: 'token_issued', subject: 'admin' }, 'issued');
    logger.debug({ event: 'unheard' });
    expect(lines).toEqual([expect.objectContaining({ level: 'info', service: 'auth', name: 'auth-1', pid: process.pid, event: 'token_issued', subject: 'admin', msg: 'issued', time: expect.stringMatching(/^\d{4}-.*Z$/) })]);
  });

  it('hides secrets wherever they stand', () => {
    const { logger, lines } = capture('info');
    logger.warn({ event: 'refused', token: 'eyJ', request: { secret: 'hush', subject: 'admin' } });
    expect(lines[0]).toMatchObject({ token: '(hidden)', request: { secret: '(hidden)', subject: 'admin' } });
  });

  it('adds trace and span to the lines of one call', () => {
    const { logger, lines } = capture('info');
    withTrace(logger, '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01').info({ event: 'routed' });
    withTrace(logger, 'rubbish').info({ event: 'routed' });
    expect(lines[0]).toMatchObject({ trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' });
    expect(lines[1]).not.toHaveProperty('trace_id');
  });
});
