import { spawnSync } from 'node:child_process';
import { basename, dirname } from 'node:path';
import { expect, it } from 'vitest';
import { generatedFiles } from './files.ts';

const INSTALL = 'apt-get install prometheus';
const hasPromtool = spawnSync('promtool', ['--version'], { stdio: 'ignore' }).status === 0;

// Where `CI` is set, a check that was left out must not pass for one that was made.
it.skipIf(!hasPromtool && process.env['CI'] === undefined)(`every alert fires on one course and is silent on a like one, by promtool (${INSTALL})`, () => {
  if (!hasPromtool) throw new Error(`promtool is not installed: ${INSTALL}`);
  const paths = generatedFiles().map(({ path }) => path);
  const tests = paths.filter((path) => basename(dirname(path)) === 'tests');
  const checked = spawnSync('promtool', ['check', 'rules', ...paths.filter((path) => !tests.includes(path))], { encoding: 'utf8' });
  expect(checked.status, checked.stdout + checked.stderr).toBe(0);
  const tested = spawnSync('promtool', ['test', 'rules', ...tests], { encoding: 'utf8' });
  expect(tested.status, tested.stdout + tested.stderr).toBe(0);
});
