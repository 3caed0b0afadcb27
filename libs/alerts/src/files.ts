import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promtoolTests, stepsOf } from './promtool-tests.ts';
import { alertGroups, allAlerts, prometheusRules, RUNBOOKS } from './rules.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const directory = join(root, 'deploy', 'prometheus', 'rules');

/** What every runbook answers. */
export const RUNBOOK_PARTS = ['## What it means', '## What to look at', '## What to do'] as const;

/** A generated file: where it stands and what it holds. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

/** The rules of production and their tests, as they are committed. */
export function generatedFiles(): readonly GeneratedFile[] {
  const head = '# Generated from libs/alerts: `npx nx run @banyan/alerts:rules`.\n';
  return alertGroups.flatMap((group) => [
    { path: join(directory, `${group.name}.yml`), text: head + prometheusRules([group]) },
    ...stepsOf(group.alerts).map((stepS) => ({
      path: join(directory, 'tests', `${group.name}-every-${stepS}s.yml`),
      text: head + promtoolTests(group.alerts, { rulesFile: `../${group.name}.yml`, stepS }),
    })),
  ]);
}

/** What is committed and not as it should be, one sentence each. */
export function faults(): readonly string[] {
  const stale = generatedFiles().flatMap(({ path, text }) => (existsSync(path) && readFileSync(path, 'utf8') === text ? [] : [`${relative(root, path)} is not what its source makes`]));
  return [...stale, ...allAlerts.flatMap(({ name }) => runbookFaults(name)), ...strangers()];
}

function runbookFaults(name: string): readonly string[] {
  const path = join(root, RUNBOOKS, `${name}.md`);
  if (!existsSync(path)) return [`${RUNBOOKS}/${name}.md is missing`];
  const text = readFileSync(path, 'utf8');
  const missing = [`# ${name}`, ...RUNBOOK_PARTS].filter((part) => !text.includes(`${part}\n`));
  return missing.map((part) => `${RUNBOOKS}/${name}.md has no part '${part}'`);
}

function strangers(): readonly string[] {
  const known = new Set(['README.md', ...allAlerts.map(({ name }) => `${name}.md`)]);
  const present = existsSync(join(root, RUNBOOKS)) ? readdirSync(join(root, RUNBOOKS)) : [];
  return present.filter((file) => !known.has(file)).map((file) => `${RUNBOOKS}/${file} is of no alert`);
}
