// copy-manifests.mjs FROM TO: the manifests of the workspace, each at its place, and what npm reads beside them.
import { cpSync, globSync } from 'node:fs';
import { join } from 'node:path';

const [from, to] = process.argv.slice(2);
// The command line's shim is linked by npm when it installs, so it has to be there by then.
const files = globSync(['package.json', 'package-lock.json', '.npmrc', '{libs,services}/*/package.json', 'grafana/package.json', 'services/*/bin/*'], { cwd: from });
for (const file of files) cpSync(join(from, file), join(to, file), { recursive: true });
