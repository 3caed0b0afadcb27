// Publishes at one node, subscribes at another, and ends with 0 when every message came once and in order. What it needs
// stands in the environment; see smoke.yml.
import { readFile } from 'node:fs/promises';
import { connect, issueToken } from '@banyan/client';

const MESSAGES = 1_000;
const DEADLINE_MS = 60_000;

const need = (name) => process.env[name] || fail(`${name} is not set`);
const authorityFile = need('BANYAN_AUTHORITY_FILE');
const addresses = need('BANYAN_NODE_ADDRESSES').split(',');
const group = `admin/smoke-${Date.now()}`;
setTimeout(() => fail(`not done within ${DEADLINE_MS / 1_000} s`), DEADLINE_MS).unref();

const authority = await readFile(authorityFile, 'utf8');
const scopes = ['admin', `publish:${group}`];
const { token } = await issueToken({ address: need('BANYAN_AUTH_ADDRESS'), authority, subject: 'admin', secret: need('BANYAN_SECRET'), scopes });
const treeBuilder = need('BANYAN_TREE_BUILDER_ADDRESS');
using writer = await connect({ addresses: [addresses[0]], authority, token, treeBuilder });
using reader = await connect({ addresses: [addresses.at(-1)], authority, token, treeBuilder });

await writer.groups.create(group);
const subscription = await reader.subscribe(group);
const startedAt = performance.now();
const reading = readAll(subscription);
const publisher = await writer.publish(group);
for (let number = 1; number <= MESSAGES; number++) await publisher.send(Buffer.from(String(number)));
const { messages } = await publisher.close();
await reading;
await writer.groups.delete(group);
console.log(`${messages} messages published at ${addresses[0]} and received at ${addresses.at(-1)}, once and in order, in ${Math.round(performance.now() - startedAt)} ms`);
process.exit(0);

async function readAll(events) {
  let next = 1;
  for await (const event of events) {
    if (event.type === 'gap') fail(`messages ${event.firstSequence} to ${event.lastSequence} will not come: ${event.cause}`);
    for (const message of event.messages) {
      if (Buffer.from(message).toString() !== String(next)) fail(`message ${next} was expected, ${Buffer.from(message)} came`);
      next++;
    }
    if (next > MESSAGES) return;
  }
}

function fail(why) {
  console.error(`smoke: ${why}`);
  process.exit(1);
}
