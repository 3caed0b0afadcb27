// A process that behaves as a service of Banyan towards its launcher, and otherwise does nothing: for the specs of the
// launcher. It is plain JavaScript because it is run as it is. TEST_… variables make it fail in the ways services do.
import { createServer } from 'node:http';
import { readFileSync, writeFileSync, mkdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { Server, ServerCredentials } from '@grpc/grpc-js';

const name = process.env.BANYAN_NAME ?? 'nameless';
const dataDir = process.env.BANYAN_DATA_DIR ?? '.';
const service = ['auth', 'bootstrap', 'tree-builder'].includes(name) ? name : 'pastry-node';
const misbehaviour = name === process.env.TEST_WHO ? process.env.TEST_MISBEHAVIOUR : undefined;

mkdirSync(dataDir, { recursive: true });
const starts = existsSync(join(dataDir, 'starts')) ? Number(readFileSync(join(dataDir, 'starts'), 'utf8')) + 1 : 1;
writeFileSync(join(dataDir, 'starts'), String(starts));
writeFileSync(join(dataDir, 'pid'), String(process.pid));
writeFileSync(join(dataDir, 'env.json'), JSON.stringify(Object.fromEntries(Object.entries(process.env).filter(([key]) => key.startsWith('BANYAN_')))));
log({ event: 'service_starting' });

if (misbehaviour === 'fail') {
  log({ event: 'service_failed', reason: 'PORT_TAKEN', message: 'port 7001 is taken', mend: 'stop the other' });
  process.exit(1);
}
if (misbehaviour === 'crash') throw new TypeError('a bug');
if (misbehaviour === 'stubborn') process.on('SIGTERM', () => undefined);
else process.on('SIGTERM', () => process.exit(0)).on('SIGINT', () => process.exit(0));
process.stdin.resume().on('end', () => misbehaviour === 'stubborn' || process.exit(0));

const admin = createServer((_request, response) => response.end('ok')).listen(portOf('ADMIN'), '127.0.0.1', () => void announce());

async function announce() {
  if (misbehaviour === 'silent') return;
  const addresses = { admin: `127.0.0.1:${admin.address().port}`, api: service === 'auth' ? await serveTokens() : '127.0.0.1:9', peer: '127.0.0.1:9' };
  const id = service === 'pastry-node' ? { id: createHash('md5').update(name).digest('hex') } : {};
  console.log(JSON.stringify({ event: 'service_ready', service, name, pid: process.pid, ...id, addresses }));
}

/** IssueToken of the auth service, with the certificate that the spec made. */
async function serveTokens() {
  const authority = readFileSync(process.env.TEST_AUTHORITY);
  writeFileSync(process.env.BANYAN_AUTHORITY_FILE, authority);
  const pair = { private_key: readFileSync(process.env.TEST_KEY), cert_chain: readFileSync(process.env.TEST_CERTIFICATE) };
  const asIs = (bytes) => bytes;
  const issueToken = { path: '/banyan.auth.v1.AuthService/IssueToken', requestStream: false, responseStream: false, requestDeserialize: asIs, requestSerialize: asIs, responseSerialize: asIs, responseDeserialize: asIs };
  const server = new Server();
  server.addService({ issueToken }, { issueToken: (_call, answer) => answer(null, Buffer.from('\u000a\u0005token')) }); // field 1, five bytes
  const port = await new Promise((resolve) => server.bindAsync('127.0.0.1:0', ServerCredentials.createSsl(null, [pair]), (_error, bound) => resolve(bound)));
  return `127.0.0.1:${port}`;
}

function portOf(listener) {
  return Number(process.env[`BANYAN_${listener}_LISTEN`]?.split(':').at(-1) ?? 0);
}

function log(line) {
  process.stderr.write(`${JSON.stringify({ name, ...line })}\n`);
}
