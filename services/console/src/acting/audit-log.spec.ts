import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@banyan/telemetry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StreamEvents } from '../contract.ts';
import { AuditLog } from './audit-log.ts';

const logger = createLogger({ service: 'console', name: 'console', level: 'silent' });

describe('the audit log', () => {
  let directory: string;
  beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'banyan-audit-'))));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('is on disk when the write resolves, and there again after a restart', async () => {
    const log = await AuditLog.open(directory, logger);
    await log.write({ subject: 'anna', action: 'create group', target: 'a/b', outcome: 'asked' });
    await log.write({ subject: 'anna', action: 'create group', target: 'a/b', outcome: 'done' });
    expect(readFileSync(join(directory, 'audit.jsonl'), 'utf8').trim().split('\n')).toHaveLength(2);
    const told: StreamEvents['audit'][] = [];
    (await AuditLog.open(directory, logger)).welcome((_, data) => void told.push(data as StreamEvents['audit']));
    expect(told[0]?.entries.map(({ outcome }) => outcome)).toEqual(['asked', 'done']);
  });

  it('fails when nothing can be kept, so that nothing is done unseen', async () => {
    const log = await AuditLog.open(join(directory, 'missing'), logger);
    await expect(log.write({ subject: 'anna', action: 'create group', target: 'a/b', outcome: 'asked' })).rejects.toThrow('nothing is done');
  });
});
