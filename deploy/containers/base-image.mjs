// Images to build on where no registry is reached: Debian by debootstrap, with the Node that runs this copied in.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CannotRun, placesOf, run } from './shell.mjs';

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Makes the image `base`, and `build` of it, which also trusts what this host's npm trusts; what is there already stays. */
export async function makeBaseImages(engine, folder, { base, build }) {
  if (!(await exists(engine, base))) await importDebian(engine, folder, base);
  await makeBuildImage(engine, folder, { base, build });
}

async function exists({ docker }, image) {
  return docker('image', 'inspect', image).then(() => true, () => false);
}

async function importDebian(engine, folder, image) {
  const [debootstrap] = placesOf('debootstrap');
  if (debootstrap === undefined) throw new CannotRun('there is no debootstrap: apt-get install debootstrap, or name an image with Node 24 and npm by --base');
  if (process.getuid?.() !== 0) throw new CannotRun('debootstrap takes root: run this as root, or name an image with Node 24 and npm by --base');
  const root = join(mkdtempSync(join(folder, 'base-')), 'root');
  const release = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'bookworm';
  await run(debootstrap, ['--variant=minbase', '--include=ca-certificates,libstdc++6', release, root]);
  const bin = join(root, 'usr', 'local', 'bin');
  const modules = join(root, 'usr', 'local', 'lib', 'node_modules');
  cpSync(process.execPath, join(bin, 'node'));
  mkdirSync(modules, { recursive: true });
  cpSync(npmPackage(), join(modules, 'npm'), { recursive: true });
  for (const name of ['npm', 'npx']) symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(bin, name));
  const tar = spawn('tar', ['-C', root, '--exclude=./var/cache/apt/archives/*.deb', '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const taken = spawn(engine.program, ['import', '--change', `ENV ${PATH}`, '-', image], { stdio: ['pipe', 'ignore', 'inherit'], env: { ...process.env, ...engine.env } });
  const hasEnded = new Promise((resolve) => taken.on('exit', resolve));
  await pipeline(tar.stdout, taken.stdin);
  if ((await hasEnded) !== 0) throw new Error('docker import failed; its message is above');
  rmSync(dirname(root), { recursive: true });
}

// Where packages come through a mirror with an authority of its own, the build has to know it; the services do not.
async function makeBuildImage({ docker }, folder, { base, build }) {
  const context = mkdtempSync(join(folder, 'build-'));
  const authority = process.env.NODE_EXTRA_CA_CERTS;
  const lines = [`FROM ${base}`];
  if (authority !== undefined && existsSync(authority)) {
    cpSync(authority, join(context, 'authority.pem'), { dereference: true });
    lines.push('COPY authority.pem /usr/local/share/authority.pem', 'ENV NODE_EXTRA_CA_CERTS=/usr/local/share/authority.pem');
  }
  writeFileSync(join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
  await docker('build', '--tag', build, context);
  rmSync(context, { recursive: true });
}

/** The folder of an npm that brings its own packages. */
function npmPackage() {
  for (const place of placesOf('npm')) {
    const folder = dirname(dirname(place));
    if (existsSync(join(folder, 'node_modules')) && existsSync(join(folder, 'bin', 'npm-cli.js'))) return folder;
  }
  throw new CannotRun('the npm here shares its packages with others and cannot be copied: name an image with Node 24 and npm by --base');
}
