import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runScenario } from './run-scenario.ts';
import { formatScenario, parseScenario } from './scenario.ts';

const rooms = join(import.meta.dirname, '../../..');
const files = globSync('*/scenarios/*.txt', { cwd: rooms }).sort();

/** Every `scenarios/*.txt` of every room. `UPDATE=1` writes what happens in place of what was expected. */
describe('golden scenario', () => {
  it.each(files)('%s', (file) => {
    const path = join(rooms, file);
    const scenario = parseScenario(readFileSync(path, 'utf8'));
    const happened = runScenario(scenario);
    if (process.env['UPDATE'] === '1') writeFileSync(path, formatScenario(scenario, happened));
    else expect(happened).toBe(scenario.expected);
  });
});
