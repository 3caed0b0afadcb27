// node deploy/helm/render.mjs write|check: keeps what the chart holds of other folders (alert rules, the smoke program) and the
// plain manifests in deploy/kubernetes as their sources make them.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const deploy = join(import.meta.dirname, '..');
const chart = join(import.meta.dirname, 'banyan');
const manifests = join(deploy, 'kubernetes', 'banyan.yaml');
const copies = [
  ...globSync('prometheus/rules/*.yml', { cwd: deploy }).map((file) => [join(deploy, file), join(chart, 'files', 'rules', basename(file))]),
  [join(deploy, 'compose', 'smoke.mjs'), join(chart, 'files', 'smoke.mjs')],
];

const command = process.argv[2];
if (command === 'write') {
  rmSync(join(chart, 'files', 'rules'), { recursive: true, force: true });
  for (const [from, to] of copies) cpSync(from, to, { recursive: true });
  writeFileSync(manifests, rendered());
} else if (command === 'check') {
  const stale = copies.filter(([from, to]) => !existsSync(to) || readFileSync(from, 'utf8') !== readFileSync(to, 'utf8')).map(([, to]) => to);
  if (readFileSync(manifests, 'utf8') !== rendered()) stale.push(manifests);
  for (const file of stale) console.error(`helm: ${file} is not as its source makes it; run \`node deploy/helm/render.mjs write\``);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  console.error('usage: node deploy/helm/render.mjs write|check');
  process.exitCode = 2;
}

function rendered() {
  const helm = execFileSync(process.execPath, [join(import.meta.dirname, 'get-helm.mjs')], { encoding: 'utf8' }).trim();
  execFileSync(helm, ['lint', '--strict', '--quiet', chart], { stdio: ['ignore', 'ignore', 'inherit'] });
  const text = execFileSync(helm, ['template', 'banyan', chart, '--namespace', 'banyan', '--skip-tests', '--values', join(deploy, 'kubernetes', 'values.yaml')], { encoding: 'utf8' });
  return `# Rendered from deploy/helm/banyan with values.yaml beside this file: \`node deploy/helm/render.mjs write\`.\n${text}`;
}
