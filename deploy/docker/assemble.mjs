// assemble.mjs BUILT APP SERVICE: puts the built rooms that npm linked for one service into its image, and nothing of
// the others; `service` becomes the short way to the one that is started.
import { cpSync, existsSync, globSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';

const [built, app, service] = process.argv.slice(2);
const scope = join(app, 'node_modules', '@banyan');
const rooms = readdirSync(scope).map((name) => relative(app, realpathSync(join(scope, name))));
const wanted = new Set(rooms);

for (const manifest of globSync('{libs/*,services/*,grafana}/package.json', { cwd: app })) {
  const room = join(manifest, '..');
  if (!wanted.has(room)) rmSync(join(app, room), { recursive: true });
}
for (const room of rooms) {
  // The descriptors of the API are read at run time, for reflection; `public` is what the console serves as it is.
  for (const part of ['dist', 'bin', 'public', 'src/gen/banyan.binpb']) {
    if (existsSync(join(built, room, part))) cpSync(join(built, room, part), join(app, room, part), { recursive: true });
  }
}
cpSync(join(built, 'deploy/docker/healthcheck.mjs'), join(app, 'healthcheck.mjs'));
symlinkSync(join('services', service), join(app, 'service'));
