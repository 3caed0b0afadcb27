// The lab's experiments on real processes, small: what they promise of correctness, not the times they promise of a quiet machine.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const lab = join(import.meta.dirname, '..', '..', 'lab', 'dist', 'main.js');
const folder = mkdtempSync(join(tmpdir(), 'banyan-experiments-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The results of an experiment; its exit code also tells of times, which a busy machine does not keep. */
async function results<T>(name: string, ...words: readonly string[]): Promise<T> {
  const json = join(folder, `${name}.json`);
  await new Promise((resolve) => execFile(process.execPath, [lab, name, ...words, '--json', json], resolve));
  return (JSON.parse(readFileSync(json, 'utf8')) as { readonly results: T }).results;
}

it('real-churn: keys with a living root are answered by it, the others by nobody else', async () => {
  const { kills, settled, changing } = await results<Record<'settled' | 'changing', Record<string, number>> & { readonly kills: number }>(
    'real-churn', '--nodes', '4', '--seconds', '6', '--kill-every', '3000', '--lookup-every', '40');
  expect(kills).toBeGreaterThan(0);
  expect(settled['lookups']).toBeGreaterThan(0);
  expect(settled).toMatchObject({ answeredByRoot: settled['lookups'], other: 0, lost: 0 });
  expect(changing).toMatchObject({ stranger: 0, lost: 0 });
});

it('real-vs-simulated: the same hops over the same map', async () => {
  const { real, agreement } = await results<{ readonly real: Record<string, number>; readonly agreement: Record<string, number> }>(
    'real-vs-simulated', '--nodes', '3', '--lookups', '60', '--settle', '1', '--leaf-set', '8');
  expect(real).toMatchObject({ lookups: 60, unanswered: 0 });
  expect(agreement).toMatchObject({ hopsMean: 1, hopsMoved: 0 }); // everybody knows everybody
});
