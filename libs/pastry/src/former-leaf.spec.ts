import type { Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import { seededRng, type Millis } from '@banyan/sansio';
import { expect, it } from 'vitest';
import { DEFAULT_PASTRY_CONFIG } from './config.ts';
import { PastryNode, type PastryEffect, type PastryInput } from './node.ts';
import { handleOf, idOf } from './testing/nodes.ts';

const CONFIG = { ...DEFAULT_PASTRY_CONFIG, leafSetSize: 4 };
const [far, nearer] = [handleOf(idOf('82')), handleOf(idOf('8180'))];
const KEY = idOf('8201');

// A member between 7e, 7f and 81, 82, and everything it did until a time.
function memberOf4(): { readonly node: PastryNode; readonly until: (time: Millis) => void; readonly give: (now: Millis, input: PastryInput) => readonly PastryEffect[]; readonly waysOf: (key: Id) => readonly NodeHandle[] } {
  const leaves = ['7e', '7f', '81'].map((prefix) => handleOf(idOf(prefix)));
  const filled = { leaves: [...leaves, far], entries: [], backups: [], neighborhood: [] };
  const node = PastryNode.member(0, { self: handleOf(idOf('80')), rng: seededRng(1), config: CONFIG }, filled);
  const all: PastryEffect[] = [];
  const give = (now: Millis, input: PastryInput): readonly PastryEffect[] => {
    const effects = node.handle(now, input);
    all.push(...effects);
    return effects;
  };
  const until = (time: Millis): void => {
    for (let at = node.deadline(); at !== undefined && at <= time; at = node.deadline()) give(at, { type: 'tick' });
  };
  const waysOf = (key: Id): readonly NodeHandle[] => all.flatMap((effect) => (effect.type === 'send' && effect.message.type === 'envelope' && effect.message.envelope.key === key ? [effect.to] : []));
  return { node, until, give, waysOf };
}

it('what waits for a silent root that is no leaf any more goes another way at once, not when a detour is due', () => {
  const { give, until, waysOf } = memberOf4();
  give(1, { type: 'route', app: 'probe', key: KEY, body: {} });
  give(1, { type: 'resume', envelope: { app: 'probe', key: KEY, body: {}, origin: handleOf(idOf('80')), counter: 1, hops: 0 }, nextHop: far });
  expect(waysOf(KEY)).toEqual([far]);
  const outline = { heads: [], above: 0, roomAbove: 4, roomBelow: 4 };
  give(2, { type: 'message', from: nearer, message: { type: 'leafProbe', nonce: 1, ready: true, enters: true, outline, merging: false, at: { x: 0, y: 0, height: 0, error: 1_000 } } });
  until(CONFIG.hops.detourMs - 1_000);
  expect(waysOf(KEY)).toContainEqual(nearer);
});
