// Publishes steadily and reads at every node, from within the network of the composition. One line of JSON a second says how
// far everybody is and who is the root; SIGTERM ends the publishing, and the last line says what became of every message.
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, issueToken } from '@banyan/client';

const MESSAGES_PER_S = 100;
const TICK_MS = 20;
const END_MS = 60_000;

const { BANYAN_NODE_ADDRESSES, BANYAN_AUTHORITY_FILE, BANYAN_AUTH_ADDRESS, BANYAN_SECRET, BANYAN_TREE_BUILDER_ADDRESS: treeBuilder } = process.env;
const addresses = BANYAN_NODE_ADDRESSES.split(',');
const group = `admin/containers-${Date.now()}`;
const authority = await readFile(BANYAN_AUTHORITY_FILE, 'utf8');
const { token } = await issueToken({ address: BANYAN_AUTH_ADDRESS, authority, subject: 'admin', secret: BANYAN_SECRET, scopes: ['admin', `publish:${group}`] });
// Everybody begins at a node of his own and knows the others.
const clientAt = (at) => connect({ addresses: [...addresses.slice(at), ...addresses.slice(0, at)], authority, token, treeBuilder });

const writer = await clientAt(1);
await writer.groups.create(group);
const readers = await Promise.all(addresses.map(async (address, at) => follow(address, await (await clientAt(at)).subscribe(group))));
let root;
void (async () => {
  for await (const { places } of writer.groups.watchTree(group)) root = places.find(({ role }) => role === 'root')?.node.controlAddress.replace(/:\d+$/, '') ?? root;
})().catch((error) => say({ event: 'tree_unknown', error: String(error) }));

const isOver = new AbortController();
process.on('SIGTERM', () => isOver.abort());
setInterval(() => say({ event: 'progress', sent, least: Math.min(...readers.map(({ next }) => next - 1)), root }), 1_000).unref();
const publisher = await writer.publish(group);
let sent = 0;
for (const startedAt = performance.now(); !isOver.signal.aborted; await pause(TICK_MS)) {
  const due = Math.floor(((performance.now() - startedAt) * MESSAGES_PER_S) / 1_000);
  while (sent < due) await publisher.send(Buffer.from(String(++sent)));
}
const { messages } = await publisher.close();
for (const endsAt = performance.now() + END_MS; performance.now() < endsAt && readers.some(({ next }) => next <= sent); ) await pause(100);
say({ event: 'verdict', sent, receipted: messages, readers: readers.map(({ address, next, wrong }) => ({ address, received: next - 1, wrong })) });
process.exit(messages === sent && readers.every(({ next, wrong }) => next - 1 === sent && wrong.length === 0) ? 0 : 1);

/** Whoever is given anything but the very next message notes what; so nothing is lost, doubled or out of order where nothing is noted. */
function follow(address, subscription) {
  const reader = { address, next: 1, wrong: [] };
  void (async () => {
    for await (const event of subscription) {
      if (event.type === 'gap') reader.wrong.push(`told that ${event.firstSequence} to ${event.lastSequence} will not come: ${event.cause}`);
      else for (const message of event.messages) take(reader, Buffer.from(message).toString());
    }
  })().catch((error) => reader.wrong.push(String(error)));
  return reader;
}

function take(reader, message) {
  if (message !== String(reader.next)) reader.wrong.push(`${message} came where ${reader.next} was due`);
  reader.next = Number(message) + 1;
}

function say(line) {
  console.log(JSON.stringify(line));
}
