import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { ResultFile } from '../report/result-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'banyan-swarm-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** What the built command tells of each seed; threads run built files, so the command is run as users run it. */
function runsWith(workers: number): readonly { readonly seed: number; readonly digest: string }[] {
  const json = join(directory, `${workers}.json`);
  const main = join(import.meta.dirname, '../../dist/main.js');
  execFileSync(process.execPath, [main, 'swarm', '--seeds', '3', '--first', '7', '--nodes', '20', '--traced', '--workers', String(workers), '--json', json]);
  const { results } = JSON.parse(readFileSync(json, 'utf8')) as ResultFile & { readonly results: { readonly runs: ReturnType<typeof runsWith> } };
  return results.runs;
}

it('gives the same results with any number of workers, in the order of the seeds', () => {
  const one = runsWith(1);
  expect(runsWith(2)).toEqual(one);
  expect(one.map(({ seed }) => seed)).toEqual([7, 8, 9]);
  expect(new Set(one.map(({ digest }) => digest)).size).toBe(3);
});
