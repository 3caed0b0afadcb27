// node deploy/helm/make-authority.mjs DIRECTORY: makes the authority of a new overlay before there is one, so that it can be
// kept as a secret: `authority.json` (its key: whoever has it can make nodes), `token-key.pem` (signs tokens)
// and `ca.pem` (what everybody trusts).
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CertificateAuthority, generateTokenKey, privateKeyToPem } from '@banyan/identity';

const [directory] = process.argv.slice(2);
if (directory === undefined) stop('usage: node deploy/helm/make-authority.mjs DIRECTORY', 2);
const file = join(directory, 'authority.json');
if (existsSync(file)) stop(`${file} is there already: another authority would lock its overlay out`, 1);

const authority = await CertificateAuthority.create(Date.now());
mkdirSync(directory, { recursive: true, mode: 0o700 });
writeFileSync(file, `${JSON.stringify(authority.save(), undefined, 2)}\n`, { mode: 0o600 });
writeFileSync(join(directory, 'token-key.pem'), privateKeyToPem(generateTokenKey()), { mode: 0o600 });
writeFileSync(join(directory, 'ca.pem'), authority.pem);
console.log(`wrote authority.json, token-key.pem and ca.pem to ${directory}`);

function stop(message, code) {
  console.error(message);
  process.exit(code);
}
