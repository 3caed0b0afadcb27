import { OverlayError, parseStatus } from '@banyan/grpc';
import type { Client, Neighbors } from '@banyan/client';
import { fail, ok, warn, type Finding } from './check.ts';

/** A node to be asked, and what people call it. */
export interface AskedNode {
  readonly name: string;
  /** Of its API. */
  readonly address: string;
  readonly connect: () => Promise<Client>;
}

/** What a node told, or why it did not. */
export interface RingAnswer {
  readonly name: string;
  readonly told: Neighbors | OverlayError;
}

const ANSWER_DEADLINE_MS = 3_000;

/**
 * Every node's API answers, every node is ready, and the ring is closed: each knows the two nodes that are next to it
 * among all that answered. More a leaf set need not hold.
 */
export async function checkRing(nodes: readonly AskedNode[]): Promise<readonly Finding[]> {
  const answers = await askRing(nodes);
  const present = answers.flatMap(({ name, told }) => (told instanceof OverlayError ? [] : [{ name, told }]));
  const silent = answers.flatMap(({ name, told }) => (told instanceof OverlayError ? [fail(`API of ${name}`, told.message, told.mend)] : []));
  const api = silent.length > 0 ? silent : [ok('APIs', `${present.length} nodes answer with the token at hand`)];
  return [...api, checkReady(present), checkClosed(present)];
}

/** Every node, asked for its neighbors. */
export function askRing(nodes: readonly AskedNode[]): Promise<readonly RingAnswer[]> {
  return Promise.all(nodes.map(ask));
}

interface Present {
  readonly name: string;
  readonly told: Neighbors;
}

function checkReady(present: readonly Present[]): Finding {
  const leaving = present.filter(({ told }) => told.isLeaving).map(({ name }) => name);
  const joining = present.filter(({ told }) => !told.isReady && !told.isLeaving).map(({ name }) => name);
  if (joining.length === 0 && leaving.length > 0) return warn('ready', `${present.length - leaving.length} nodes deliver keys; ${leaving.join(', ')} left the ring in order`, 'stop their processes, or start them again to have them back');
  if (joining.length === 0) return ok('ready', `${present.length} nodes deliver keys`);
  return fail('ready', `${joining.join(', ')} ${joining.length === 1 ? 'does' : 'do'} not deliver keys`, 'a joining node needs a moment; if it lasts, its log says whom it waits for');
}

function checkClosed(present: readonly Present[]): Finding {
  const holes = holesIn(present);
  if (holes.length === 0) return ok('ring', `closed: each of ${present.filter(({ told }) => told.isReady).length} nodes sees its neighbors`);
  return fail('ring', holes.join('; '), 'wait for a few heartbeats; if it lasts, check that the nodes reach each other at their control addresses');
}

/** Who does not see the node next to it among those that are ready; empty when the ring is closed. */
export function holesIn(present: readonly Present[]): readonly string[] {
  const ring = present.filter(({ told }) => told.isReady).sort((a, b) => (a.told.node.id < b.told.node.id ? -1 : 1));
  const holes = ring.flatMap((node, at) => {
    const leaves = new Set(node.told.leaves.map((leaf) => leaf.id));
    const beside = [ring.at(at - 1), ring[(at + 1) % ring.length]].filter((other) => other !== undefined && other !== node);
    return beside.flatMap((other) => (other === undefined || leaves.has(other.told.node.id) ? [] : [`${node.name} does not see ${other.name}`]));
  });
  return [...new Set(holes)];
}

async function ask({ name, connect }: AskedNode): Promise<RingAnswer> {
  const client = await connect();
  try {
    return { name, told: await client.overlay.neighbors({ deadlineMs: ANSWER_DEADLINE_MS }) };
  } catch (error) {
    return { name, told: parseStatus(error) };
  } finally {
    client.close();
  }
}
