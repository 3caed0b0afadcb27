import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BoundedLog } from './bounded-log.ts';

it('keeps the last two pieces of a log, each within its bound', () => {
  const directory = mkdtempSync(join(tmpdir(), 'banyan-log-'));
  const path = join(directory, 'node-1', 'log.jsonl');
  const log = new BoundedLog(path, 100);
  for (let i = 0; i < 50; i++) log.write(Buffer.from(`line ${String(i).padStart(2, '0')}\n`));
  log.close();
  expect(statSync(path).size).toBeLessThanOrEqual(100);
  expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(100);
  expect(readFileSync(path, 'utf8')).toContain('line 49');
  const again = new BoundedLog(path, 100);
  again.write(Buffer.from('more\n'));
  again.close();
  expect(readFileSync(path, 'utf8')).toMatch(/line 49\nmore\n$/);
  rmSync(directory, { recursive: true });
});
